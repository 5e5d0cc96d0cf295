import tseslint from 'typescript-eslint';

/** In the core and the contracts, time, ids and randomness come in as values; these are the ways around that rule. */
const impureGlobals = [
  'process',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
  'performance',
  'crypto',
  'console',
].map((name) => ({ name, message: 'The core is pure: take it as a value or return an effect.' }));

const purity = {
  'no-restricted-globals': ['error', ...impureGlobals],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'The core is pure: take `now` as a value.' },
    { object: 'Math', property: 'random', message: 'The core is pure: take randomness as a value.' },
    { object: 'globalThis', message: 'The core is pure.' },
  ],
  'no-restricted-syntax': [
    'error',
    {
      selector: "NewExpression[callee.name='Date'][arguments.length=0]",
      message: 'The core is pure: take `now` as a value.',
    },
    { selector: "CallExpression[callee.name='Date']", message: 'The core is pure: take `now` as a value.' },
  ],
  'no-restricted-imports': [
    'error',
    {
      paths: ['ulid'],
      patterns: [
        { group: ['node:*', '@aws-sdk/*', '@smithy/*'], message: 'The core is pure: effects belong to the edge.' },
      ],
    },
  ],
};

export default tseslint.config(
  { ignores: ['dist/', 'cdk.out/', 'coverage/', '.local/', 'node_modules/', 'cadre-report/', 'test/**/fixtures/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // A port is asynchronous even where one adapter has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // A type parameter used once still documents what a caller must give.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-duplicate-imports': ['error', { allowSeparateTypeImports: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/*/core/**/*.ts', 'src/contracts/**/*.ts', 'src/simulator/**/*.ts'],
    ignores: ['src/contracts/generate.ts'],
    rules: purity,
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts'],
    rules: {
      // A describe block is as long as its cases.
      'max-lines-per-function': 'off',
      // A test that dereferences nothing fails at that line, which is what it is for.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // Matchers such as expect.objectContaining are typed any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);
