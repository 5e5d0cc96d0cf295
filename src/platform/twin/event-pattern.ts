/** An EventBridge pattern: an object of patterns, with lists of accepted values or matchers at the leaves. */
export type EventPattern = Readonly<Record<string, unknown>>;

/** Whether an event matches a pattern (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html). */
export function matchesPattern(pattern: EventPattern, event: unknown): boolean {
  return Object.entries(pattern).every(([key, wanted]) => {
    if (key === '$or' && Array.isArray(wanted)) {
      return wanted.some((option) => matchesPattern(option as EventPattern, event));
    }
    const value = isObject(event) && Object.hasOwn(event, key) ? event[key] : undefined;
    if (!Array.isArray(wanted)) {
      if (!isObject(wanted)) throw new Error(`Event pattern is not valid: "${key}" must be an object or an array`);
      return Array.isArray(value)
        ? value.some((entry) => matchesPattern(wanted, entry))
        : matchesPattern(wanted, value);
    }
    // A list in the event matches when any of its elements does.
    const candidates: readonly unknown[] = Array.isArray(value) && value.length > 0 ? value : [value];
    return wanted.some((matcher) => candidates.some((candidate) => matchesValue(matcher, candidate)));
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function matchesValue(matcher: unknown, value: unknown): boolean {
  if (!isObject(matcher)) return matcher === value;
  return Object.entries(matcher).every(([operator, operand]) => {
    const match = matchers[operator];
    if (match === undefined) throw new Error(`Event pattern is not valid: Unrecognized match type ${operator}`);
    return match(operand, value);
  });
}

type Matcher = (operand: unknown, value: unknown) => boolean;

/** Prefix and suffix also accept `{ "equals-ignore-case": text }`. */
function textMatcher(test: (value: string, part: string) => boolean): Matcher {
  return (operand, value) => {
    if (typeof value !== 'string') return false;
    if (isObject(operand)) return test(value.toLowerCase(), String(operand['equals-ignore-case']).toLowerCase());
    return test(value, String(operand));
  };
}

const matchers: Readonly<Record<string, Matcher>> = {
  prefix: textMatcher((value, part) => value.startsWith(part)),
  suffix: textMatcher((value, part) => value.endsWith(part)),
  'equals-ignore-case': (operand, value) =>
    typeof value === 'string' && value.toLowerCase() === String(operand).toLowerCase(),
  wildcard: (operand, value) =>
    typeof value === 'string' && new RegExp(`^${String(operand).split('*').map(escape).join('.*')}$`, 's').test(value),
  exists: (operand, value) => (value !== undefined) === operand,
  numeric: (operand, value) => typeof value === 'number' && matchesNumber(operand as readonly unknown[], value),
  'anything-but': (operand, value) => {
    if (value === undefined) return false;
    const options: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
    return !options.some((option) => matchesValue(option, value));
  },
};

function escape(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** `[">", 0, "<=", 5]` */
function matchesNumber(operand: readonly unknown[], value: number): boolean {
  for (let index = 0; index < operand.length; index += 2) {
    const compare = comparisons[String(operand[index])];
    if (compare === undefined) throw new Error('Event pattern is not valid: numeric');
    if (!compare(value, Number(operand[index + 1]))) return false;
  }
  return true;
}
