import { Hono } from 'hono';
import type * as z from 'zod';
import {
  approvalId,
  commentRequest,
  decisionRequest,
  delegationRequest,
  groupsNamespace,
  inboxQuery,
} from '../../contracts/workflow/approval.ts';
import { CadreError, type Outcome } from '../../contracts/errors.ts';
import { defaultPool } from '../../contracts/ids.ts';
import { groupsMax } from '../../contracts/limits.ts';
import type { ApprovalRow } from '../../contracts/workflow/rows.ts';
import type { Caller } from '../../workflow/core/approvals/approval.ts';
import type { ApiDeps } from '../ports.ts';
import { accepted, type ApiContext, type ApiEnv, found, readBody, readParam, readQuery } from '../request.ts';

/** People decide rarely: all of it is loaded for the first of their requests. */
const usecases = () => import('../../workflow/usecases/approvals/change-approval.ts');

/** Approvals: the caller's inbox, and what he may do with what is in it. */
export function approvalRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  /** Who calls: the principal with the groups of its token and its roles in the namespace of groups. */
  const callerOf = async (c: ApiContext): Promise<Caller> => {
    const principal = c.get('principal');
    const { listRoles } = await import('../../context/usecases/access/list-roles.ts');
    const roles = await listRoles(deps, groupsNamespace, principal);
    return { principal, groups: [...new Set([...c.get('groups'), ...roles])].slice(0, groupsMax) };
  };

  /** A route on one approval: what it does comes as the use case. */
  const act = <S extends z.ZodType>(
    name: string,
    schema: S | undefined,
    does: (caller: Caller, id: string, body: z.output<S>) => Promise<Outcome<ApprovalRow>>,
  ) =>
    app.post(`/v1/approvals/:id/${name}`, async (c) => {
      const id = readParam(c, 'id', approvalId);
      const body = schema === undefined ? undefined : await readBody(c, schema);
      const row = accepted(await does(await callerOf(c), id, body as z.output<S>));
      return c.json(await (await usecases()).approvalViewOf(deps, row));
    });

  app.get('/v1/approvals', async (c) => {
    const { cursor, limit, group } = readQuery(c, inboxQuery);
    const { principal, groups } = await callerOf(c);
    if (group !== undefined && !groups.includes(group))
      throw new CadreError('forbidden', `${principal} does not belong to the group ${group}`, { path: 'group' });
    const owners =
      group === undefined ? [`user:${principal}`, ...groups.map((each) => `group:${each}`)] : [`group:${group}`];
    const page = await deps.approvals.inbox(defaultPool, owners, limit, cursor);
    const { approvalItemOf } = await usecases();
    return c.json({ ...page, items: page.items.map(approvalItemOf), principal, groups });
  });

  app.get('/v1/approvals/:id', async (c) => {
    const id = readParam(c, 'id', approvalId);
    const { approvalViewOf, findApproval } = await usecases();
    return c.json(await approvalViewOf(deps, found(await findApproval(deps, id), 'approval', id)));
  });

  act('claim', undefined, async (caller, id) => (await usecases()).claimApproval(deps, caller, id));
  act('release', undefined, async (caller, id) => (await usecases()).releaseApproval(deps, caller, id));
  act('delegate', delegationRequest, async (caller, id, body) =>
    (await usecases()).delegateApproval(deps, caller, id, body),
  );
  act('comment', commentRequest, async (caller, id, { comment }) =>
    (await usecases()).commentApproval(deps, caller, id, comment),
  );
  act('decide', decisionRequest, async (caller, id, body) => (await usecases()).decideApproval(deps, caller, id, body));

  return app;
}
