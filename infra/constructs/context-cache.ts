import { Stack } from 'aws-cdk-lib';
import { type Role, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { acknowledge } from '../acknowledge.ts';

/** A Redis or Valkey server of yours, and from where it can be reached. */
export interface ContextCache {
  /** `redis://HOST:PORT`, or `rediss://` with TLS; with a user `rediss://USER@HOST:PORT`. */
  readonly url: string;
  /** The name of a SecureString in the Parameter Store, with its password. @default it wants none */
  readonly secretName?: string;
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
  const secretName = context('contextCacheSecret') as string | undefined;
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw new Error('contextCache must be redis:// or rediss://');
  if (password !== '')
    throw new Error('contextCache: put its password into a parameter, and name that: contextCacheSecret');
  if (username !== '' && secretName === undefined) throw new Error('contextCache: a user needs a contextCacheSecret');
  // In clear the password could be read on the way.
  if (secretName !== undefined && protocol !== 'rediss:') throw new Error('contextCacheSecret needs TLS: rediss://');
  const list = (name: string, prefix: string): readonly string[] => {
    const ids = ((context(name) as string | undefined) ?? '').split(',');
    if (!ids.every((id) => id.startsWith(prefix))) throw new Error(`${name} must be ${prefix}…, with commas between`);
    return ids;
  };
  return {
    url: given,
    ...(secretName === undefined ? {} : { secretName }),
    subnetIds: list('contextCacheSubnets', 'subnet-'),
    securityGroupIds: list('contextCacheSecurityGroups', 'sg-'),
  };
}

/** Puts a function into the network of the cache. */
export function reachCache(
  target: LambdaFunction,
  role: Role,
  { url, secretName, subnetIds, securityGroupIds }: ContextCache,
): void {
  target.addEnvironment('CONTEXT_CACHE_URL', url);
  if (secretName !== undefined) {
    target.addEnvironment('CONTEXT_CACHE_SECRET', secretName);
    const resourceName = secretName.replace(/^\//, '');
    const arn = Stack.of(target).formatArn({ service: 'ssm', resource: 'parameter', resourceName });
    role.addToPolicy(new PolicyStatement({ actions: ['ssm:GetParameter'], resources: [arn] }));
  }
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
