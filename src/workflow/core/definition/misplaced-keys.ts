/** Nodes that run others, whose tasks can say it instead. */
const around = ['map', 'loop', 'subworkflow', 'gather', 'transaction'];

const noWork = 'leave it out: no agent works on this node';
const instant = 'leave it out: it takes no time';
const noOtherEnd =
  'leave it out: another try would come to the same; where it is to be asked again, put it into a subworkflow with retry';

/** What to do where a kind of node has no use for a key that others have. */
const fixes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  retry: { join: noOtherEnd, choice: noOtherEnd, wait: noOtherEnd, event: noOtherEnd, approval: noOtherEnd },
  timeout_ms: {
    join: instant,
    choice: instant,
    wait: 'leave it out: for_ms or until is its time',
    event: 'give it a timer, which says what goes on when the time comes',
    approval: 'give its levels their time',
    transaction: 'say prepare_timeout_ms and commit_timeout_ms: each phase has its own',
  },
};

/** What to do about a key that this kind of node does not have, although others do; undefined where there is nothing to say. */
export function misplacedKeyFix(kind: string, key: string): string | undefined {
  if (kind === 'task') return undefined;
  if (key === 'priority' || key === 'deadline_ms') {
    if (around.includes(kind))
      return `give it to the tasks inside${key === 'deadline_ms' ? ', or say timeout_ms' : ''}`;
    return noWork;
  }
  return fixes[key]?.[kind];
}
