/** A price as its page publishes it: list price in US dollars, no free tier, no discount, no tax. */
export interface Price {
  readonly usd: number;
  /** What one price buys. */
  readonly per: number;
  readonly unit: string;
  readonly source: string;
}

/** The day on which the table was written down. `source` is the page on which to check a price; no run fetches it. */
export const pricesDate = '2026-11-22';
/** All prices are on-demand prices of this region. */
export const pricesRegion = 'us-east-1';

const million = 1_000_000;
const sqs = 'https://aws.amazon.com/sqs/pricing/';
const dynamodb = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const lambda = 'https://aws.amazon.com/lambda/pricing/';
const s3 = 'https://aws.amazon.com/s3/pricing/';
const cloudwatch = 'https://aws.amazon.com/cloudwatch/pricing/';

/** The one table of prices: published list prices of us-east-1, first tier, without the free tier, as of `pricesDate`. */
export const prices = {
  /** Halved in November 2024 (https://aws.amazon.com/blogs/database/new-amazon-dynamodb-lowers-pricing-for-on-demand-throughput-and-global-tables/). */
  writeUnit: { usd: 0.625, per: million, unit: 'write request unit', source: dynamodb },
  readUnit: { usd: 0.125, per: million, unit: 'read request unit', source: dynamodb },
  tableStorage: { usd: 0.25, per: 1, unit: 'GB-month', source: dynamodb },
  pointInTimeRecovery: { usd: 0.2, per: 1, unit: 'GB-month', source: dynamodb },
  sqsStandard: { usd: 0.4, per: million, unit: 'request of up to 64 KB', source: sqs },
  sqsFifo: { usd: 0.5, per: million, unit: 'request of up to 64 KB', source: sqs },
  customEvent: {
    usd: 1,
    per: million,
    unit: 'custom event of up to 64 KB',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
  },
  lambdaRequest: { usd: 0.2, per: million, unit: 'request', source: lambda },
  lambdaArmGbSecond: { usd: 0.000_013_333_4, per: 1, unit: 'GB-second on arm64', source: lambda },
  lambdaX86GbSecond: { usd: 0.000_016_666_7, per: 1, unit: 'GB-second on x86', source: lambda },
  transition: {
    usd: 0.025,
    per: 1_000,
    unit: 'state transition (Standard)',
    source: 'https://aws.amazon.com/step-functions/pricing/',
  },
  s3Put: { usd: 0.005, per: 1_000, unit: 'PUT, COPY, POST or LIST request', source: s3 },
  s3Get: { usd: 0.000_4, per: 1_000, unit: 'GET request', source: s3 },
  s3Storage: { usd: 0.023, per: 1, unit: 'GB-month', source: s3 },
  httpApi: {
    usd: 1,
    per: million,
    unit: 'HTTP API request of up to 512 KB',
    source: 'https://aws.amazon.com/api-gateway/pricing/',
  },
  alarm: { usd: 0.1, per: 1, unit: 'standard-resolution alarm metric, a month', source: cloudwatch },
  customMetric: { usd: 0.3, per: 1, unit: 'custom metric, a month', source: cloudwatch },
  dashboard: { usd: 3, per: 1, unit: 'dashboard, a month', source: cloudwatch },
  logIngestion: { usd: 0.5, per: 1, unit: 'GB of logs', source: cloudwatch },
  logStorage: { usd: 0.03, per: 1, unit: 'GB-month of logs', source: cloudwatch },
  kmsKey: { usd: 1, per: 1, unit: 'customer-managed key, a month', source: 'https://aws.amazon.com/kms/pricing/' },
} as const satisfies Record<string, Price>;

/** What an amount costs. */
export function priceOf(name: keyof typeof prices, amount: number): number {
  const { usd, per } = prices[name];
  return (amount * usd) / per;
}
