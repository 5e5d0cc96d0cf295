import { CfnOutput } from 'aws-cdk-lib';
import { type EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { approvalEvents } from '../../src/contracts/events.ts';

export interface ApprovalTopicProps {
  readonly bus: EventBus;
  readonly topicName: string;
}

/** What happens to approvals, for whoever subscribes: mail, chat, a queue. The bus publishes it, so nothing runs and nothing is paid for while nobody decides. */
export class ApprovalTopic extends Construct {
  constructor(scope: Construct, id: string, { bus, topicName }: ApprovalTopicProps) {
    super(scope, id);
    const topic = new Topic(this, 'Topic', { topicName, enforceSSL: true });
    new Rule(this, 'approval-news', {
      eventBus: bus,
      eventPattern: { detailType: [...approvalEvents] },
      targets: [new SnsTopic(topic)],
    });
    new CfnOutput(this, 'Arn', { value: topic.topicArn });
  }
}
