import { errorCatalogue } from '../contracts/error-catalogue.ts';
import { CadreError, inWords } from '../contracts/errors.ts';
import { style, type Output } from './output.ts';

/** Faults that are shown one by one; more only say that there are more. */
const faultsShownMax = 10;

/**
 * Tells people what happened, why and what to do; programs get one JSON object on stderr. Answers with the exit code.
 * What is no CadreError is our own mistake and shows its stack, because that is what a report needs.
 */
export function reportRefusal(error: unknown, out: Output): number {
  if (!(error instanceof CadreError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    out.note(
      out.json ? JSON.stringify({ error: { code: 'internal', message: text } }) : `cadre: internal error\n${text}`,
    );
    return errorCatalogue.internal.exit;
  }
  const { what, fix, exit } = errorCatalogue[error.code];
  if (out.json) {
    const { code, message, faults } = error;
    out.note(JSON.stringify({ error: { code, message, fix, faults } }));
    return exit;
  }
  const red = (text: string) => style('red', text, process.stderr);
  const own = error.faults.length === 1 ? error.faults[0]?.fix : undefined;
  // The advice that holds for all stands once, at the end.
  const lines = error.faults.map(({ path = '', message, fix: its }) => {
    const where = path === '' || message.includes(path) ? '' : `${path}: `;
    return `${where}${inWords({ message, ...(its === undefined || its === fix || its === own ? {} : { fix: its }) })}`;
  });
  // A message that only repeats a fault gives way to it, or to what several have in common.
  const repeats = error.faults.some(({ message }) => error.message.includes(message));
  const [only = what, ...others] = lines;
  const single = repeats && others.length === 0;
  const head = single ? (only.includes(error.message) ? only : error.message) : repeats ? what : error.message;
  out.note(`${red(`cadre: ${head}`)} [${error.code}]`);
  if (head !== what && (single || !repeats)) out.note(`  ${what}`);
  const listed = single ? [] : lines;
  for (const line of listed.slice(0, faultsShownMax)) out.note(`  - ${line}`);
  if (listed.length > faultsShownMax) out.note(`  - and ${listed.length - faultsShownMax} more`);
  out.note(`  ${style('bold', 'What to do:', process.stderr)} ${own ?? fix}`);
  return exit;
}
