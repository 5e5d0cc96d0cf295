import { hashOf } from './hash.ts';
import { leisure } from './ranking.ts';
import type { Candidate, Strategy } from './strategy.ts';

/** The first candidate with a free slot from a place on, all around. */
function freeFrom(all: readonly Candidate[], start: number): number {
  for (let step = 0; step < all.length; step += 1) {
    const at = (start + step) % all.length;
    if ((all[at]?.free ?? 0) > 0) return at;
  }
  return -1;
}

/** The less busy of two that the dice choose: nearly as even as looking at all, at the price of two looks (Mitzenmacher 2001). The task and its attempt are the dice. */
export const random: Strategy<'random'> = (task, { all }) => {
  const dice = `${task.task_id}#${task.attempt}`;
  const first = freeFrom(all, hashOf(`${dice} 1`) % Math.max(1, all.length));
  const second = freeFrom(
    all,
    (first + 1 + (hashOf(`${dice} 2`) % Math.max(1, all.length - 1))) % Math.max(1, all.length),
  );
  return { among: [all[first], all[second]].filter((each) => each !== undefined), score: leisure };
};
