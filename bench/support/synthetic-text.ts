import { createRandom } from '../../src/platform/twin/random.ts';

/** Texts as agents might write them, as far as word statistics go. All of it is drawn from the seed. */
export const syntheticText = {
  vocabulary: 50_000,
  /** Zipf's exponent: the share of the word of rank r is proportional to 1/r^s. */
  exponent: 1.07,
  topics: 500,
  wordsPerTopic: 200,
  /** Of a text's words, how many are its topic's. */
  topicShare: 0.5,
  wordsMin: 40,
  wordsMax: 120,
} as const;

/** A text with its topic, and questions to it. */
export interface SyntheticTexts {
  next(): string;
  /** Two words of one topic and one of any: what somebody might ask. */
  question(): string;
}

/** Draws ranks by Zipf's law: the inverse of the cumulated shares. */
export function zipf(count: number, exponent: number): (uniform: number) => number {
  const shares = new Float64Array(count);
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) shares[rank - 1] = sum += rank ** -exponent;
  return (uniform) => {
    const wanted = uniform * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((shares[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const syllables = ['ba', 'ke', 'lo', 'mi', 'nu', 'ra', 'se', 'ti', 'vo', 'zu'];

/** A word that can be spoken, so that its three-letter pieces are shared as those of real words are. */
function wordOf(rank: number): string {
  let word = '';
  for (let rest = rank + 10; rest > 0; rest = Math.floor(rest / 10)) word += syllables[rest % 10] ?? '';
  return word;
}

/** Texts from a seed. */
export function syntheticTexts(seed: string): SyntheticTexts {
  const random = createRandom(seed);
  const { vocabulary, exponent, topics, wordsPerTopic, topicShare, wordsMin, wordsMax } = syntheticText;
  const words = Array.from({ length: vocabulary }, (_, rank) => wordOf(rank));
  const anywhere = zipf(vocabulary, exponent);
  const within = zipf(wordsPerTopic, exponent);
  const topicWords = Array.from({ length: topics }, () =>
    Array.from({ length: wordsPerTopic }, () => words[Math.floor(random.next() * vocabulary)] ?? ''),
  );
  const topic = () => topicWords[Math.floor(random.next() * topics)] ?? [];
  const any = () => words[anywhere(random.next())] ?? '';
  return {
    next() {
      const own = topic();
      const count = wordsMin + Math.floor(random.next() * (wordsMax - wordsMin + 1));
      const text: string[] = [];
      for (let at = 0; at < count; at += 1) {
        text.push(random.next() < topicShare ? (own[within(random.next())] ?? '') : any());
      }
      return text.join(' ');
    },
    question() {
      const own = topic();
      return `${own[within(random.next())] ?? ''} ${own[within(random.next())] ?? ''} ${any()}`;
    },
  };
}
