import type { FunctionSize } from './function-size.ts';

const tokens = /[A-Za-z_$][\w$]*|=>|->|&&|\|\||\?\?|\?(?![.:?,);=>\]])|[{}()<>[\];:,=|&]|\n/gu;
const branches = new Set(['if', 'for', 'foreach', 'while', 'case', 'catch', 'guard', '&&', '||', '??', '?']);
const controls = new Set(
  'if for foreach while switch catch with synchronized using lock return new else do try when select match typeof await'.split(
    ' ',
  ),
);
const functionWords = new Set(['function', 'fn', 'func', 'fun']);
const containers = new Set(['class', 'interface', 'enum', 'struct', 'namespace', 'record', 'trait', 'impl', 'module']);
/** An open brace after one of these starts a literal or a type, so the header around it goes on when it closes. */
const literalAfter = new Set(['(', ',', ':', '=', '[', '|', '&', '<', 'extends']);
/** Tokens of a header that are remembered: longer ones are expressions, not signatures. */
const headerTokensMax = 120;

interface Block {
  readonly unit?: { name: string; line: number; complexity: number };
  readonly header: string[] | undefined;
}

/**
 * The functions of a masked source in a language with braces, each with the branches that belong to it and not to a
 * function inside it. Works on tokens, without a grammar: a rare construct costs a wrong name, never a failure.
 */
export function functionsInBraces(code: string): { functions: FunctionSize[]; branches: number } {
  const functions: FunctionSize[] = [];
  const blocks: Block[] = [];
  let header: string[] = [];
  let line = 1;
  let total = 0;
  for (const match of code.matchAll(tokens)) {
    const token = match[0];
    if (token === '\n') {
      line++;
      continue;
    }
    if (branches.has(token) && code.charAt(match.index - 1) !== '.') {
      total++;
      const unit = blocks.findLast((block) => block.unit !== undefined)?.unit;
      if (unit) unit.complexity++;
    }
    if (token === '{') {
      const isLiteral = literalAfter.has(header.at(-1) ?? '');
      const name = isLiteral ? undefined : nameOfFunction(header);
      const unit = name === undefined ? {} : { unit: { name, line, complexity: 1 } };
      blocks.push({ ...unit, header: isLiteral ? header : undefined });
      header = [];
    } else if (token === '}') {
      const closed = blocks.pop();
      if (closed?.unit) functions.push({ ...closed.unit, lines: line - closed.unit.line + 1 });
      header = closed?.header ?? [];
    } else if (token === ';') header = [];
    else if (header.push(token) > headerTokensMax) header.shift();
  }
  return { functions, branches: total };
}

/** The name of the function whose body would open after these tokens; `undefined` when it is another kind of block. */
function nameOfFunction(header: readonly string[]): string | undefined {
  if (header.at(-1) === '=>') return nameOfValue(header) ?? '(anonymous)';
  const keywords = header.flatMap((token, at) => (functionWords.has(token) && header.includes('(', at) ? [at] : []));
  if (keywords.length > 0) {
    // The first one with a name is the declaration; those after it are types of its parameters.
    const named = keywords.map((at) => nameAfterKeyword(header, at)).find((name) => name !== undefined);
    return named ?? nameOfValue(header.slice(0, keywords.at(-1))) ?? '(anonymous)';
  }
  const close = endOfParameters(header);
  if (close === undefined) return undefined;
  const open = matching(header, close, '(', ')');
  let at = open - 1;
  if (header[at] === '>') at = matching(header, at, '<', '>') - 1;
  const name = header[at];
  if (name === undefined || !isWord(name) || controls.has(name)) return undefined;
  const before = header[at - 1];
  return before === '=' || before === 'new' || (before !== undefined && containers.has(before)) ? undefined : name;
}

/** The place of the bracket that ends the parameters, when only a return type or modifiers follow it. */
function endOfParameters(header: readonly string[]): number | undefined {
  const close = header.lastIndexOf(')');
  if (close < 0) return undefined;
  const next = header[close + 1];
  const goesOn =
    next === undefined || [':', '->', 'throws', 'const', 'override', 'noexcept', 'final', 'async'].includes(next);
  return goesOn && !header.slice(close).some((token) => token === '=' || controls.has(token)) ? close : undefined;
}

/** `func (r *Receiver) Name(` and `function* name<T>(`: the first word after the keyword and a receiver. */
function nameAfterKeyword(header: readonly string[], keyword: number): string | undefined {
  let at = keyword + 1;
  if (header[at] === '(') {
    const end = header.indexOf(')', at);
    at = end + 1;
  }
  const name = header[at];
  return name !== undefined && isWord(name) && ['(', '<', '['].includes(header[at + 1] ?? '') ? name : undefined;
}

/** `const name = …`, `name: …` and `this.name = …`: what the function is stored as. */
function nameOfValue(header: readonly string[]): string | undefined {
  let depth = 0;
  for (let at = header.length - 1; at > 0; at--) {
    const token = header[at];
    if (token === ')') depth++;
    else if (token === '(' && --depth < 0) return undefined;
    else if (depth === 0 && token === '=') {
      const declared = header.findLastIndex((each, index) => index < at && ['const', 'let', 'var'].includes(each));
      return declared >= 0 && isWord(header[declared + 1] ?? '') ? header[declared + 1] : wordAt(header, at - 1);
    }
  }
  return undefined;
}

function wordAt(header: readonly string[], at: number): string | undefined {
  const word = header[at];
  return word !== undefined && isWord(word) ? word : undefined;
}

function matching(header: readonly string[], from: number, open: string, close: string): number {
  let depth = 0;
  for (let at = from; at >= 0; at--) {
    if (header[at] === close) depth++;
    else if (header[at] === open && --depth === 0) return at;
  }
  return 0;
}

const isWord = (token: string): boolean => /^[A-Za-z_$]/u.test(token);
