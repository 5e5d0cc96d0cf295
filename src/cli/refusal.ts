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
  out.note(`${red(`cadre: ${error.message}`)} [${error.code}]`);
  if (error.message !== what) out.note(`  ${what}`);
  const [only, ...others] = error.faults;
  const own = others.length === 0 ? only?.fix : undefined;
  const more = others.length === 0 ? error.faults.filter((fault) => fault.message !== error.message) : error.faults;
  for (const fault of more.slice(0, faultsShownMax)) {
    out.note(`  - ${fault.path === undefined ? '' : `${fault.path}: `}${inWords(fault)}`);
  }
  if (more.length > faultsShownMax) out.note(`  - and ${more.length - faultsShownMax} more`);
  out.note(`  ${style('bold', 'What to do:', process.stderr)} ${own ?? fix}`);
  return exit;
}
