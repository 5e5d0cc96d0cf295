import type { Cloud } from './local/cloud.ts';

/** A cloud with Cadre on it. */
export interface Deployment {
  readonly cloud: Cloud;
  readonly apiUrl: string;
  /** What a process needs to reach it, and nothing else. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Starts the local cloud (or takes the endpoint given) and deploys Cadre to it; both only do what is missing. */
export async function bringUp(options: {
  readonly endpoint?: string;
  readonly port?: number;
  readonly onProgress: (line: string) => void;
}): Promise<Deployment> {
  const { endpoint, port, onProgress } = options;
  const [{ cloudAt, startCloud }, { deploy }] = await Promise.all([
    import('./local/cloud.ts'),
    import('./local/deploy.ts'),
  ]);
  const cloud =
    endpoint === undefined
      ? await startCloud({ onProgress, ...(port === undefined ? {} : { port }) })
      : cloudAt(endpoint);
  const { apiUrl } = await deploy({ endpoint: cloud.endpoint, onProgress });
  return { cloud, apiUrl, env: { ...process.env, ...cloud.env, CADRE_API_URL: apiUrl } };
}
