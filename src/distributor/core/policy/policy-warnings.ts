import type { Fault } from '../../../contracts/errors.ts';
import type { PolicyDocument } from '../../../contracts/distributor/policy.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import { hasLabels } from './routing.ts';

type Known = readonly Pick<AgentRow, 'agent_id' | 'capabilities' | 'labels'>[];

/** What a sound policy names that no registered agent is or has. Agents may come later, so nothing is refused for it. */
export function policyWarnings(document: PolicyDocument, agents: Known): readonly Fault[] {
  const { strategies = {}, rules = [], overflow = [], emergency } = document;
  const ids = new Set(agents.map(({ agent_id }) => agent_id));
  const unknown = (path: string, named: readonly string[]): Fault[] =>
    named.flatMap((id) =>
      ids.has(id) ? [] : [{ code: 'unknown-agent', path, message: `no agent of the name ${id} is registered` }],
    );
  const unlabelled = (path: string, labels: Readonly<Record<string, string>> | undefined): Fault[] => {
    if (labels === undefined || agents.some((agent) => hasLabels(agent, labels))) return [];
    const shown = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    return [{ code: 'unknown-agent', path, message: `no registered agent has the labels ${shown.join(', ')}` }];
  };
  return [
    ...Object.entries(strategies).flatMap(([name, settings]) =>
      settings.use === 'weighted' ? unknown(`strategies.${name}.weights`, Object.keys(settings.weights)) : [],
    ),
    ...rules.flatMap(({ pin, prefer_agents = [], exclude_agents = [], require_labels }, at) => [
      ...unknown(`rules[${at}].pin`, pin === undefined ? [] : [pin]),
      ...unknown(`rules[${at}].prefer_agents`, prefer_agents),
      ...unknown(`rules[${at}].exclude_agents`, exclude_agents),
      ...unlabelled(`rules[${at}].require_labels`, require_labels),
    ]),
    ...overflow.flatMap((rule, at): Fault[] => {
      if (rule.then !== 'spill') return [];
      const isOffered = agents.some(({ capabilities }) => rule.to.every((each) => capabilities.includes(each)));
      const message = `no registered agent offers ${rule.to.join(', ')}`;
      return isOffered ? [] : [{ code: 'unknown-capability', path: `overflow[${at}].to`, message }];
    }),
    ...unlabelled('emergency.keep_labels', emergency?.keep_labels),
  ];
}
