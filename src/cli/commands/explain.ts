import type { Command } from 'commander';
import type { TaskExplanation } from '../../contracts/distributor/explanation.ts';
import type { DistributionLog } from '../../contracts/distributor/task.ts';
import { runs } from '../command.ts';
import { showStatus, showTime, table } from '../output.ts';
import { facts, showBound, showEscalation, showHedge, showSpill } from '../views.ts';

/** `cadre explain TASK` */
export function addExplain(program: Command): void {
  program
    .command('explain <task>')
    .description('why a task got its agent, or why it still waits')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre explain my-task\n  $ cadre explain my-task --json | jq .queued.before',
    )
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        out.data(await (await client()).explainTask(id), show);
        return undefined;
      }),
    );
}

function shownLog(log: DistributionLog): string {
  return facts([
    ['agent', log.agent_id],
    ['at', showTime(log.distribution_time)],
    ['by', log.routing_rule],
    ['rule', log.policy_rule],
    ['policy', log.policy_side && `the ${log.policy_side} side of the canary`],
    ['because', log.reasons.join('; ')],
    ['scores', log.candidates?.map(({ agent_id, score }) => `${agent_id} ${score}`).join(', ')],
  ]);
}

function show({ task_id, status, spilled, distribution, hedge, hedge_at, queued }: TaskExplanation): string {
  const parts = [
    facts([
      ['task', task_id],
      ['status', showStatus(status)],
      ['spilled', showSpill(spilled)],
      ['second run', hedge_at && `at ${showTime(hedge_at)}, unless it has ended`],
      ['other run', showHedge(hedge)],
    ]),
  ];
  if (distribution !== undefined) parts.push(shownLog(distribution));
  if (hedge?.distribution !== undefined) parts.push(shownLog(hedge.distribution));
  if (queued === undefined) return parts.join('\n\n');
  const { before } = queued;
  parts.push(
    facts([
      ['waits', queued.waits_because],
      [
        'before it',
        `${before.more ? 'at least ' : ''}${before.tasks}${before.first.length === 0 ? '' : `: ${before.first.join(', ')}${before.tasks > before.first.length ? ', …' : ''}`}`,
      ],
      ...(queued.turns ?? []).map(({ of, name, weight, share, ahead, next }): [string, string] => [
        `${of} turn`,
        `${next}; ${name} (weight ${weight}) gets ${Math.round(share * 100)} % of its level and had ${ahead} starts more`,
      ]),
      ['starts when', queued.would_start],
      ['escalation', showEscalation(queued)],
      ['due', showTime(queued.due_at)],
      ['starts by', showBound(queued)],
      ['strategy', queued.strategy],
      ['rule', queued.rule],
      [
        'agents',
        Object.entries(queued.reasons)
          .map(([reason, count]) => `${count}: ${reason}`)
          .join('; ') || undefined,
      ],
    ]),
  );
  const rows = [
    ...queued.candidates.map(({ agent_id, score }) => [agent_id, String(score), 'could take it now']),
    ...queued.excluded.map(({ agent_id, reason }) => [agent_id, '-', reason]),
  ];
  if (rows.length > 0) parts.push(table(['AGENT', 'SCORE', 'WHY'], rows));
  return parts.join('\n\n');
}
