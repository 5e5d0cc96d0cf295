import type { TestCloud } from '../sdk/test-cloud/test-cloud.ts';

/** How often people look into their inboxes, in virtual time. */
const lookMs = 15 * 60_000;

/**
 * Plays the people of a run in the twin until the signal: whoever is asked first approves, with an empty answer where there is a form. What a form refuses waits until its
 * time is over.
 */
export async function playPeople(cloud: TestCloud, workflow_id: string, signal: AbortSignal): Promise<void> {
  const { client } = cloud;
  while (!signal.aborted) {
    await cloud.sleep(lookMs, signal).catch(() => undefined);
    const waiting = (await client.workflowTasks(workflow_id)).filter(
      ({ kind, status }) => kind === 'approval' && status === 'Processing',
    );
    for (const { task_id } of waiting) {
      const { level, levels, form, assignees, decisions } = await client.approvals.get(task_id);
      const { users = [], groups = [] } = levels[level - 1] ?? {};
      const done = decisions.flatMap(({ level: at, by }) => (at === level && by !== undefined ? [by] : []));
      const asked = [...assignees, ...users].find((user) => !done.includes(user));
      const person = asked ?? (groups.length === 0 ? undefined : `member-${done.length + 1}`);
      if (person === undefined) continue;
      const answer = form === undefined ? {} : { answer: {} };
      await cloud
        .approvals(person, ...groups)
        .approve(task_id, { level, ...answer })
        .catch(() => undefined);
    }
  }
}
