import { describe, expect, it } from '@jest/globals';
import { priceOf, prices } from '../../../bench/prices.ts';
import { billOf, callsOf, type FunctionUsage, perMillion, pollerRequests, sumOf } from '../../../bench/support/bill.ts';
import { idleBill } from '../../../bench/support/idle-bill.ts';
import type { Usage } from '../../../src/platform/aws/meter.ts';

const nothing: Usage = {
  calls: {},
  readUnits: 0,
  writeUnits: 0,
  sqsStandardRequests: 0,
  sqsFifoRequests: 0,
  events: 0,
  s3Puts: 0,
  s3Gets: 0,
  transitions: 0,
};
const idle: FunctionUsage = {
  invocations: {},
  durationMs: {},
  logBytes: 0,
  eventSourceCalls: 0,
  eventSourceStandardRequests: 0,
  eventSourceFifoRequests: 0,
};
const totalOf = (bill: Readonly<Record<string, number>>): number =>
  Object.values(bill).reduce((sum, usd) => sum + usd, 0);

describe('the table of prices', () => {
  it('names the page of each price', () => {
    for (const { source, usd, per } of Object.values(prices)) {
      expect(source).toMatch(/^https:\/\/aws\.amazon\.com\/.*pricing/);
      expect(usd / per).toBeGreaterThan(0);
    }
  });
});

describe('a bill', () => {
  it('is the published price of a million of each unit', () => {
    const million = 1_000_000;
    expect(totalOf(billOf({ ...nothing, writeUnits: million }, idle))).toBeCloseTo(0.625);
    expect(totalOf(billOf({ ...nothing, readUnits: million }, idle))).toBeCloseTo(0.125);
    expect(totalOf(billOf({ ...nothing, sqsStandardRequests: million }, idle))).toBeCloseTo(0.4);
    expect(totalOf(billOf({ ...nothing, sqsFifoRequests: million }, idle))).toBeCloseTo(0.5);
    expect(totalOf(billOf({ ...nothing, events: million }, idle))).toBeCloseTo(1);
    expect(totalOf(billOf({ ...nothing, transitions: million }, idle))).toBeCloseTo(25);
    expect(totalOf(billOf({ ...nothing, s3Puts: million }, idle))).toBeCloseTo(5);
    expect(totalOf(billOf({ ...nothing, s3Gets: million }, idle))).toBeCloseTo(0.4);
  });

  it('holds the requests, the memory and time, and the logs of functions', () => {
    const usage = { ...idle, invocations: { 'accept-tasks': 1_000_000 }, durationMs: { 'accept-tasks': 0 } };
    const { lambda } = billOf(nothing, usage);
    expect(lambda).toBeGreaterThan(priceOf('lambdaRequest', 1_000_000));
    expect(billOf(nothing, { ...idle, logBytes: 2 * 1024 ** 3 })['logs']).toBeCloseTo(1);
  });

  it('is told for a million of what was done, without the services that cost nothing', () => {
    expect(perMillion(billOf({ ...nothing, writeUnits: 32 }, idle), 10)).toEqual({
      total: 2,
      by_service: { dynamodb: 2 },
    });
  });
});

describe('usages', () => {
  it('add up by operation and by unit', () => {
    const one = { ...nothing, calls: { 'sqs:SendMessage': 1 }, writeUnits: 2 };
    const sum = sumOf([one, one, { ...nothing, calls: { 'dynamodb:Query': 3 } }]);
    expect(sum).toEqual({ ...nothing, calls: { 'sqs:SendMessage': 2, 'dynamodb:Query': 3 }, writeUnits: 4 });
    expect(callsOf(sum)).toBe(5);
  });

  it('of a poller are the receive by its bytes, and the delete', () => {
    expect([pollerRequests(0), pollerRequests(64 * 1024), pollerRequests(64 * 1024 + 1)]).toEqual([2, 2, 3]);
  });
});

describe('the idle bill of a template', () => {
  const mapping = (name: string) => ({
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: { EventSourceArn: { 'Fn::GetAtt': [name, 'Arn'] } },
  });

  it('of nothing is what its storage costs', () => {
    expect(idleBill([{}]).total).toBeLessThan(0.01);
  });

  it('counts every metric of an alarm, but not its expression', () => {
    const Metrics = [{ Expression: 'a + b' }, { MetricStat: {} }, { MetricStat: {} }];
    const alarms = {
      sum: { Type: 'AWS::CloudWatch::Alarm', Properties: { Metrics } },
      plain: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Errors' } },
    };
    expect(idleBill([{ Resources: alarms }])).toMatchObject({ usd: { alarms: 0.3 }, counted: { alarm_metrics: 3 } });
  });

  it('counts the long polls of each event source at the price of its queue', () => {
    const bill = idleBill([{ Resources: { one: mapping('Queuespulse'), two: mapping('Queuesdispatch') } }]);
    // Five pollers, a poll each 20 seconds, 730 hours: 657,000 requests for each queue.
    expect(bill.usd['polling']).toBeCloseTo(0.657 * 0.4 + 0.657 * 0.5, 3);
  });

  it('counts the runs of a schedule', () => {
    const rule = { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'rate(1 minute)' } };
    const { counted, usd } = idleBill([{ Resources: { rule } }]);
    expect(counted.scheduled_runs).toBe(43_800);
    expect(usd['watchdog']).toBeGreaterThan(0);
    expect(idleBill([{ Resources: { rule: { Type: 'AWS::Events::Rule' } } }]).counted.scheduled_runs).toBe(0);
  });
});
