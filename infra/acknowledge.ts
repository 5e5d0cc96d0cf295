import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Acknowledges findings of cdk-nag on a construct and what is in it. The reason is for the next reader, so it says why it is right here. */
export function acknowledge(construct: IConstruct, reason: string, ...rules: readonly string[]): void {
  for (const rule of rules) Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}
