import { describe, expect, it } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { createCadreApp } from '../../infra/cadre-app.ts';

const withoutBundles = { 'aws:cdk:bundling-stacks': [] };
const place = { contextCacheSubnets: 'subnet-0a1b2c3d,subnet-1a2b3c4d', contextCacheSecurityGroups: 'sg-0a1b2c3d' };
const appWith = (context: Record<string, string>) =>
  createCadreApp({ appProps: { context: { ...withoutBundles, ...context } } });

interface Function {
  readonly Properties: {
    FunctionName: string;
    VpcConfig?: unknown;
    Environment: { Variables: Record<string, unknown> };
  };
}

describe('a shared cache of documents', () => {
  it('is reached from the given network by the functions that read documents, and by no others', () => {
    const { app, runtime } = appWith({ contextCache: 'rediss://cache.example:6379', ...place });
    const functions = Object.values(Template.fromStack(runtime).findResources('AWS::Lambda::Function')) as Function[];
    const inNetwork = functions.filter(({ Properties }) => Properties.VpcConfig !== undefined);
    expect(inNetwork.map(({ Properties }) => Properties.FunctionName).sort()).toEqual([
      'cadre-api',
      'cadre-index-contexts',
      'cadre-sweep-contexts',
    ]);
    for (const { Properties } of inNetwork) {
      expect(Properties.VpcConfig).toEqual({
        SubnetIds: place.contextCacheSubnets.split(','),
        SecurityGroupIds: [place.contextCacheSecurityGroups],
      });
      expect(Properties.Environment.Variables['CONTEXT_CACHE_URL']).toBe('rediss://cache.example:6379');
    }
    expect(() => app.synth()).not.toThrow();
  });

  it('is told its password by a parameter, which its functions alone may read, and no template has it', () => {
    const contextCacheSecret = '/cadre/context-cache';
    const { app, runtime } = appWith({ contextCache: 'rediss://cadre@cache.example', ...place, contextCacheSecret });
    const template = Template.fromStack(runtime);
    const policies = Object.values(template.findResources('AWS::IAM::Policy'));
    const reading = policies.filter((policy) => JSON.stringify(policy).includes('parameter/cadre/context-cache'));
    expect(reading).toHaveLength(3);
    const functions = Object.values(template.findResources('AWS::Lambda::Function')) as Function[];
    const told = functions.filter(({ Properties }) => 'CONTEXT_CACHE_SECRET' in Properties.Environment.Variables);
    expect(told.map(({ Properties }) => Properties.FunctionName).sort()).toEqual([
      'cadre-api',
      'cadre-index-contexts',
      'cadre-sweep-contexts',
    ]);
    expect(() => app.synth()).not.toThrow();
  });

  it('is not there when nobody names one', () => {
    const template = JSON.stringify(Template.fromStack(appWith({}).runtime).toJSON());
    expect(template).not.toContain('CONTEXT_CACHE_URL');
    expect(template).not.toContain('VpcConfig');
  });

  it.each([
    [{ contextCache: 'https://cache.example', ...place }, 'redis://'],
    [{ contextCache: 'rediss://user:secret@cache.example', ...place }, 'contextCacheSecret'],
    [{ contextCache: 'rediss://user@cache.example', ...place }, 'contextCacheSecret'],
    [{ contextCache: 'redis://cache.example', ...place, contextCacheSecret: 'name' }, 'TLS'],
    [{ contextCache: 'redis://cache.example' }, 'contextCacheSubnets'],
    [
      { contextCache: 'redis://cache.example', ...place, contextCacheSecurityGroups: 'default' },
      'contextCacheSecurityGroups',
    ],
  ])('is refused where it cannot be meant: %j', (context, reason) => {
    expect(() => appWith(context)).toThrow(reason);
  });
});
