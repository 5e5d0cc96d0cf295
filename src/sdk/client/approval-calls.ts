import type { ApprovalView, InboxView } from '../../contracts/workflow/approval.ts';
import type { Json } from '../../contracts/json.ts';
import type { ApiTransport } from './api-transport.ts';

/** What comes with a decision. */
export interface DecisionOptions {
  readonly comment?: string | undefined;
  /** What the form asks for. */
  readonly answer?: Json | undefined;
  /** @default the level that decides now; it makes a repeat harmless */
  readonly level?: number | undefined;
}

/** A page of the caller's inbox. */
export interface InboxOptions {
  readonly group?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Approvals through the API, in the name of whoever the client's credentials belong to. */
export function approvalCalls(call: ApiTransport) {
  const path = (id: string) => `/v1/approvals/${encodeURIComponent(id)}`;
  const get = async (id: string) => (await call({ method: 'GET', path: path(id) })) as ApprovalView;
  const act = async (id: string, name: string, body: object = {}) =>
    (await call({ method: 'POST', path: `${path(id)}/${name}`, body })) as ApprovalView;
  const decide = async (id: string, decision: 'approve' | 'reject', options: DecisionOptions) => {
    // The level is fixed before the call, which may be repeated: a second arrival must not decide about the next level.
    const level = options.level ?? Math.max(1, (await get(id)).level);
    return act(id, 'decide', { decision, ...options, level });
  };
  return {
    /** What waits for the caller and his groups, what is due first. */
    list: async (options: InboxOptions = {}) =>
      (await call({ method: 'GET', path: '/v1/approvals', query: { ...options } })) as InboxView,
    get,
    /** Takes it up, so that nobody else decides meanwhile. */
    claim: (id: string) => act(id, 'claim'),
    /** Gives it back to the other candidates. */
    release: (id: string) => act(id, 'release'),
    /** Lets another person decide in the caller's place. */
    delegate: (id: string, to: string, comment?: string) => act(id, 'delegate', { to, comment }),
    comment: (id: string, comment: string) => act(id, 'comment', { comment }),
    approve: (id: string, options: DecisionOptions = {}) => decide(id, 'approve', options),
    reject: (id: string, options: DecisionOptions = {}) => decide(id, 'reject', options),
  };
}

/** What can be done with approvals. */
export type ApprovalCalls = ReturnType<typeof approvalCalls>;
