import type { Certificate } from '../../contracts/context/subjects.ts';
import { backupRetentionMs, traceRetentionMs } from '../../contracts/limits.ts';

const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** Shorter names are part of too many words. */
const nameCharactersMin = 3;

/** The ids that have the subject in them, or what stands before its `@`, however it is written: those are personal data themselves. */
export function idsNaming(subject: string, context_ids: readonly string[]): string[] {
  const names = [subject, subject.split('@', 1)[0] ?? ''].map(plain).filter((name) => name.length >= nameCharactersMin);
  return context_ids.filter((context_id) => names.some((name) => plain(context_id).includes(name)));
}

/** What an erasure leaves of a subject whose last data was removed before `at` (epoch milliseconds), and until when. */
export function remainsAfter(at: number): Certificate['remains'] {
  const until = (ms: number) => new Date(at + ms).toISOString();
  return [
    { place: 'tombstones', what: 'ids' },
    { place: 'certificates', what: 'ids' },
    { place: 'audit', what: 'ids', until: until(traceRetentionMs) },
    { place: 'lineage', what: 'ids', until: until(traceRetentionMs) },
    { place: 'backups', what: 'data', until: until(backupRetentionMs) },
  ];
}
