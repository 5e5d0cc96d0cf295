/** Steps that one regular expression may take over one text. More: it holds a function for longer than a second, and nothing interrupts it. */
const stepsMax = 1_000_000_000;

const tokens =
  /\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:<?[=!]|:|<[^>]*>))?|\)|\||[*+?]\??|\{(?<least>\d+)(?<most>,\d*)?\}\??|./gs;
const reference = /^\\[1-9k]/;
const around = /^\(\?<?[=!]/;
const repetition = /^(?:[*+]|\{\d)/;

/** How often a pattern can go back: it takes at most `ways * (characters + 1) ** (loops + 1)` steps. */
interface Choices {
  readonly loops: number;
  readonly ways: number;
}

/** Counts what a pattern can choose. Throws for what may try more than a power of the text's length: choices inside of a repetition, back references, looking around. */
function choicesOf(source: string): Choices {
  let loops = 0;
  let ways = 1;
  const open: { chooses: boolean }[] = [{ chooses: false }];
  let chosen = false;
  const choose = (): void => {
    const inner = open.at(-1);
    if (inner !== undefined) inner.chooses = true;
  };
  for (const { 0: token, groups } of source.matchAll(tokens)) {
    if (reference.test(token) || around.test(token))
      throw new Error(`the regular expression has a back reference or looks around: ${token}`);
    const before = chosen;
    chosen = false;
    if (token.startsWith('(')) open.push({ chooses: false });
    else if (token === ')') {
      chosen = open.pop()?.chooses === true;
      if (chosen) choose();
    } else if (token === '|' || token.startsWith('?')) {
      ways *= 2;
      choose();
    } else if (repetition.test(token)) {
      if (before) throw new Error('the regular expression repeats a group that has a choice or a repetition in it');
      if (groups?.['least'] !== undefined && groups['most'] === undefined) ways *= Math.max(1, Number(groups['least']));
      else {
        loops += 1;
        choose();
      }
    }
  }
  return { loops, ways };
}

/** A regular expression that refuses to be made, or to be tried on a text, when it could go back too often: the platform's own cannot be interrupted. */
export class BoundedPattern extends RegExp {
  readonly #choices: Choices;

  constructor(pattern: RegExp | string, flags?: string) {
    super(pattern, flags);
    this.#choices = choicesOf(this.source);
  }

  override exec(text: string): RegExpExecArray | null {
    const { loops, ways } = this.#choices;
    if (ways * (text.length + 1) ** (loops + 1) > stepsMax)
      throw new Error(`${String(text.length)} characters are too many for the regular expression /${this.source}/`);
    return super.exec(text);
  }
}
