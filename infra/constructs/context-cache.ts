import { type Role, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { acknowledge } from '../acknowledge.ts';

/** A Redis or Valkey server of yours, and from where it can be reached. */
export interface ContextCache {
  /** `redis://HOST:PORT`, or `rediss://` with TLS. */
  readonly url: string;
  /** Subnets that reach the cache, and the services of AWS that the functions call. */
  readonly subnetIds: readonly string[];
  /** Security groups of the functions: the cache's own lets them in. */
  readonly securityGroupIds: readonly string[];
}

/** The cache from the context of the app. Throws for what cannot be meant, and for a password, which anybody could read who may look at the function. */
export function contextCacheOf(context: (name: string) => unknown): ContextCache | undefined {
  const given = context('contextCache') as string | undefined;
  if (given === undefined) return undefined;
  const { protocol, username, password } = new URL(given);
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw new Error('contextCache must be redis:// or rediss://');
  if (username !== '' || password !== '') throw new Error('contextCache: its security group guards it, not a password');
  const list = (name: string, prefix: string): readonly string[] => {
    const ids = ((context(name) as string | undefined) ?? '').split(',');
    if (!ids.every((id) => id.startsWith(prefix))) throw new Error(`${name} must be ${prefix}…, with commas between`);
    return ids;
  };
  return {
    url: given,
    subnetIds: list('contextCacheSubnets', 'subnet-'),
    securityGroupIds: list('contextCacheSecurityGroups', 'sg-'),
  };
}

/** Puts a function into the network of the cache. */
export function reachCache(
  target: LambdaFunction,
  role: Role,
  { url, subnetIds, securityGroupIds }: ContextCache,
): void {
  target.addEnvironment('CONTEXT_CACHE_URL', url);
  // Your network is named, not looked up: a synthesis needs no account.
  const resource = target.node.defaultChild as CfnFunction;
  resource.vpcConfig = { subnetIds: [...subnetIds], securityGroupIds: [...securityGroupIds] };
  const actions = ['CreateNetworkInterface', 'DescribeNetworkInterfaces', 'DescribeSubnets', 'DeleteNetworkInterface'];
  const addresses = ['AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses'];
  const statement = { actions: [...actions, ...addresses].map((action) => `ec2:${action}`), resources: ['*'] };
  role.addToPolicy(new PolicyStatement(statement));
  // Lambda looks at the role before it makes the interfaces.
  const policy = role.node.tryFindChild('DefaultPolicy');
  if (policy !== undefined) resource.node.addDependency(policy);
  acknowledge(role, 'Network interfaces have no names before Lambda makes them.', 'IAM5[Resource::*]');
}
