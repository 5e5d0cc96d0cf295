import type { Family } from './languages.ts';

/** What a family's comments and strings look like, for the masking scanner. */
export interface Syntax {
  readonly lineComments: readonly string[];
  readonly blockComments: readonly (readonly [string, string])[];
  /** Opening and closing marks of strings, longest first; `multiline` ones may hold line ends. */
  readonly strings: readonly StringSyntax[];
  /** `/…/` may be a literal (JavaScript). */
  readonly regex: boolean;
  /** `${…}` inside back quotes is code (JavaScript). */
  readonly templates: boolean;
  /** `'a` may be a lifetime or a character, so a lone quote opens nothing (Rust, C). */
  readonly characters: boolean;
  /** `<<WORD` starts a here-document (shell). */
  readonly heredocs: boolean;
}

/** A kind of string literal. */
export interface StringSyntax {
  readonly open: string;
  readonly close: string;
  readonly escapes: boolean;
  readonly multiline: boolean;
}

const plain = (mark: string): StringSyntax => ({ open: mark, close: mark, escapes: true, multiline: false });
const long = (mark: string, escapes = true): StringSyntax => ({ open: mark, close: mark, escapes, multiline: true });

const none: Syntax = {
  lineComments: [],
  blockComments: [],
  strings: [],
  regex: false,
  templates: false,
  characters: false,
  heredocs: false,
};

const slashes: Syntax = { ...none, lineComments: ['//'], blockComments: [['/*', '*/']], strings: [plain('"')] };

/** The syntax of each family. */
export const syntaxes: Readonly<Record<Family, Syntax>> = {
  typescript: { ...slashes, strings: [plain('"'), plain("'")], regex: true, templates: true },
  python: { ...none, lineComments: ['#'], strings: [long('"""'), long("'''"), plain('"'), plain("'")] },
  go: { ...slashes, strings: [long('`', false), plain('"')], characters: true },
  java: { ...slashes, strings: [long('"""'), plain('"')], characters: true },
  'c-like': { ...slashes, characters: true },
  shell: { ...none, lineComments: ['#'], strings: [long('"'), long("'", false)], heredocs: true },
  web: {
    ...none,
    blockComments: [
      ['/*', '*/'],
      ['<!--', '-->'],
    ],
  },
  none: { ...none, lineComments: ['#'], blockComments: [['<!--', '-->']] },
};
