import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CadreError } from '../contracts/errors.ts';

/** The JSON of a file, or of stdin when the path is `-`. Throws CadreError `unreadable-file` or `invalid-json` naming the file. */
export async function readJsonFile(path: string): Promise<unknown> {
  const source = path === '-' ? 'standard input' : path;
  const content = path === '-' ? await text(process.stdin) : await readFile(path, 'utf8').catch(refuseMissing(path));
  return parseJsonText(content, source);
}

/** JSON given on the command line: the text itself, or `@FILE`. */
export async function readJsonArgument(argument: string, name: string): Promise<unknown> {
  return argument.startsWith('@') ? readJsonFile(argument.slice(1)) : parseJsonText(argument, name);
}

function parseJsonText(content: string, source: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new CadreError('invalid-json', `${source}: ${cause instanceof Error ? cause.message : 'no JSON'}`, { cause });
  }
}

function refuseMissing(path: string) {
  return (cause: unknown): never => {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'this is a folder' : String(cause);
    throw new CadreError('unreadable-file', `${path}: ${why}`, { cause });
  };
}
