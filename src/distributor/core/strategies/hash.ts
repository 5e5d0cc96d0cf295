import { fnv1a } from '../../../contracts/seeded.ts';

/** A 32-bit hash of a text: FNV-1a with murmur's last step, since rendezvous hashing needs every bit to depend on every character. */
export function hashOf(text: string): number {
  return finish(fnv1a(text));
}

function finish(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number in [0, 1) that two hashes make together: what looks random and is the same for the same task and agent for ever. */
export function shareOf(one: number, other: number): number {
  return finish(Math.imul(one, 0x9e3779b1) ^ other) / 2 ** 32;
}
