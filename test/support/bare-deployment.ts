import type { Deployment } from '../../src/platform/aws/deployment.ts';

/** A deployment of a table and a bucket alone, for use cases whose messages a test notes itself. */
export const bareDeployment: Deployment = {
  table: 'cadre',
  contextTable: 'contexts',
  bucket: 'bucket',
  bus: 'bus',
  stateMachineArn: '',
  queues: {},
};
