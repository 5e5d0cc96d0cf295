import type { NamespaceView } from '../../contracts/distributor/namespace.ts';
import type { ApiTransport } from './api-transport.ts';

/** Calls about namespaces of tasks. */
export function namespaceCalls(call: ApiTransport) {
  const path = (namespace: string, command: string) => `/v1/namespaces/${encodeURIComponent(namespace)}/${command}`;
  return {
    /** The namespaces of which tasks have come, and those that were killed. */
    listNamespaces: async () =>
      ((await call({ method: 'GET', path: '/v1/namespaces' })) as { readonly items: readonly NamespaceView[] }).items,
    /** Cancels all work of a namespace and accepts nothing new of it until it is revived; what its agents still report is refused. */
    killNamespace: async (namespace: string, reason: string) =>
      (await call({ method: 'POST', path: path(namespace, 'kill'), body: { reason } })) as NamespaceView,
    reviveNamespace: async (namespace: string) =>
      (await call({ method: 'POST', path: path(namespace, 'revive') })) as NamespaceView,
  };
}
