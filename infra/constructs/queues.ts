import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { functionSpecs, queueNames, queueSpecs, type QueueName } from '../functions.ts';

/** AWS asks for six times the function's time-out, so that retries by Lambda fit in (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html). */
const visibilityFactor = 6;

/** A queue and where its undeliverable messages go. */
export interface QueueWithDeadLetters {
  readonly queue: Queue;
  readonly deadLetters: Queue;
}

/** All queues of the deployment, each with its dead-letter queue, encrypted, and closed to plain HTTP. */
export class Queues extends Construct {
  readonly byName: Readonly<Record<QueueName, QueueWithDeadLetters>>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.byName = Object.fromEntries(queueNames.map((name) => [name, this.#make(name)])) as Record<
      QueueName,
      QueueWithDeadLetters
    >;
  }

  #make(name: QueueName): QueueWithDeadLetters {
    const { consumer, fifo, receivesMax } = queueSpecs[name];
    const suffix = fifo === true ? '.fifo' : '';
    const shared = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, ...(fifo === true ? { fifo } : {}) };
    const deadLetters = new Queue(this, `${name}-dead-letters`, {
      ...shared,
      queueName: `cadre-${name}-dlq${suffix}`,
      retentionPeriod: Duration.days(14),
    });
    const queue = new Queue(this, name, {
      ...shared,
      queueName: `cadre-${name}${suffix}`,
      visibilityTimeout: Duration.seconds(functionSpecs[consumer].timeoutSeconds * visibilityFactor),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: receivesMax },
    });
    return { queue, deadLetters };
  }
}
