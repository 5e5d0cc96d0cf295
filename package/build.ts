import { execFileSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import project from '../package.json' with { type: 'json' };

/**
 * `npm run package`: what other projects install of Cadre (the SDK, the test cloud, the adapters of LangGraph), as JavaScript with types, since Node runs no
 * TypeScript below node_modules. The command line and the CDK app stay here, where they deploy from.
 */

const root = join(import.meta.dirname, '..');

/** Files that are read at run time and that no import leads to. */
const files = ['statemachines/workflow.asl.json', 'README.md', 'LICENSE'];

/** Names of the packages that the built files import, with those that only their types need. */
function importedPackages(directory: string): ReadonlySet<string> {
  const sources = globSync('**/*.{js,d.ts}', { cwd: directory });
  const specifiers = sources.flatMap((file) =>
    ts
      .preProcessFile(readFileSync(join(directory, file), 'utf8'), true, true)
      .importedFiles.map(({ fileName }) => fileName),
  );
  const packages = specifiers.filter((specifier) => !/^(\.|node:)/.test(specifier));
  return new Set(packages.map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier));
}

/** The dependencies of the package, in the versions of this project. A package without types of its own brings them along. */
function dependenciesOf(imported: ReadonlySet<string>): Record<string, string> {
  const versions: Readonly<Record<string, string>> = { ...project.devDependencies, ...project.dependencies };
  const peers = new Set(Object.keys(project.peerDependencies));
  const names = [...imported].map((name) => (name in versions ? name : `@types/${name}`)).sort();
  // Whoever has a peer has what that stands on.
  const own = names.filter((name) => !peers.has(name) && !name.startsWith('@langchain/'));
  return Object.fromEntries(
    own.map((name) => {
      const version = versions[name];
      if (version === undefined) throw new Error(`the package imports ${name}, which package.json does not name`);
      return [name, version];
    }),
  );
}

/** Builds the package into a folder that is emptied first. */
export function buildPackage(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', join(root, 'package'), '--outDir', directory], { stdio: 'inherit' });
  for (const file of files) cpSync(join(root, file), join(directory, file));
  const { name, version, description, license, type, peerDependencies, peerDependenciesMeta } = project;
  const manifest = {
    ...{ name, version, description, license, type },
    engines: { node: '>=22.18' },
    exports: Object.fromEntries(
      Object.entries(project.exports).map(([entry, source]) => [entry, source.replace(/\.ts$/, '.js')]),
    ),
    dependencies: dependenciesOf(importedPackages(directory)),
    ...{ peerDependencies, peerDependenciesMeta },
  };
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

if (import.meta.main) {
  const directory = join(root, 'dist', 'package');
  buildPackage(directory);
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', join(root, 'dist')], {
    cwd: directory,
  });
  console.log(join('dist', packed.toString().trim()));
}
