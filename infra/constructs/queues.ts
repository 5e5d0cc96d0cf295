import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  dataKeySeconds,
  deployedQueueName,
  queueNames,
  queueSpecs,
  visibilitySeconds,
  type QueueName,
} from '../../src/platform/topology.ts';

/** A queue and where its undeliverable messages go. */
export interface QueueWithDeadLetters {
  readonly queue: Queue;
  readonly deadLetters: Queue;
}

/** How a queue is encrypted: with your key, or with one of AWS. */
export function queueEncryption(key: IKey | undefined) {
  return key === undefined
    ? { encryption: QueueEncryption.SQS_MANAGED }
    : { encryption: QueueEncryption.KMS, encryptionMasterKey: key, dataKeyReuse: Duration.seconds(dataKeySeconds) };
}

/** A FIFO queue takes 300 calls a second; one whose groups are told apart, 300 a group, at the same price. */
const inGroups = {
  fifo: true,
  fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
  deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
} as const;

/** All queues of the deployment, each with its dead-letter queue, encrypted, and closed to plain HTTP. */
export class Queues extends Construct {
  readonly byName: Readonly<Record<QueueName, QueueWithDeadLetters>>;

  /** `key`: yours, instead of one of AWS. */
  constructor(scope: Construct, id: string, key?: IKey) {
    super(scope, id);
    this.byName = Object.fromEntries(queueNames.map((name) => [name, this.#make(name, key)])) as Record<
      QueueName,
      QueueWithDeadLetters
    >;
  }

  #make(name: QueueName, key: IKey | undefined): QueueWithDeadLetters {
    const { fifo, receivesMax } = queueSpecs[name];
    const shared = { ...queueEncryption(key), enforceSSL: true, ...(fifo === true ? inGroups : {}) };
    const deadLetters = new Queue(this, `${name}-dead-letters`, {
      ...shared,
      queueName: deployedQueueName(name, true),
      retentionPeriod: Duration.days(14),
    });
    const queue = new Queue(this, name, {
      ...shared,
      queueName: deployedQueueName(name),
      visibilityTimeout: Duration.seconds(visibilitySeconds(name)),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: receivesMax },
    });
    return { queue, deadLetters };
  }
}
