import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  Table,
  TableEncryption,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { contextIndexedAttributes } from '../src/platform/aws/context/keys.ts';
import { retentionMs, runMsMax } from '../src/contracts/limits.ts';
import { indexedAttributes, indexName } from '../src/platform/aws/keys.ts';
import { acknowledge } from './acknowledge.ts';

/** Days that values outside of rows are kept: as long as the rows that refer to them. */
const blobRetentionDays = (runMsMax + retentionMs) / 86_400_000;

export interface StateStackProps extends StackProps {
  /** A key of yours that encrypts tables, bucket and queues. @default keys of AWS */
  readonly keyArn?: string;
  /** A Titan text embedding model (v2) of Bedrock for the search. @default words are hashed, nothing is called */
  readonly embeddingModel?: string;
}

/** What must survive: the table of the work, the table of documents, the bucket of large values, the bus. Kept when the stack goes. */
export class StateStack extends Stack {
  readonly table: Table;
  readonly contextTable: Table;
  /** Your key, where there is one. */
  readonly key: IKey | undefined;
  /** What makes the vectors of the documents, where it is a model of Bedrock. */
  readonly embeddingModel: string | undefined;
  readonly bucket: Bucket;
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, props: StateStackProps = {}) {
    super(scope, id, props);
    if (props.embeddingModel?.startsWith('amazon.titan-embed-text-v2') === false)
      throw new Error(`embeddingModel: ${props.embeddingModel} is no amazon.titan-embed-text-v2 model`);
    this.embeddingModel = props.embeddingModel;
    this.key = props.keyArn === undefined ? undefined : Key.fromKeyArn(this, 'Key', props.keyArn);
    const encryptionKey = this.key === undefined ? {} : { encryptionKey: this.key };
    const encryption = this.key === undefined ? {} : { encryption: TableEncryption.CUSTOMER_MANAGED, ...encryptionKey };
    this.table = tableWithIndex(this, 'Table', { timeToLiveAttribute: 'expires_at', ...encryption }, indexedAttributes);
    const context = { timeToLiveAttribute: 'ttl', ...encryption };
    this.contextTable = tableWithIndex(this, 'Contexts', context, contextIndexedAttributes);
    this.bucket = new Bucket(this, 'Blobs', {
      encryption: this.key === undefined ? BucketEncryption.S3_MANAGED : BucketEncryption.KMS,
      ...encryptionKey,
      // One call of the key for many objects instead of one for each.
      bucketKeyEnabled: this.key !== undefined,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      lifecycleRules: [
        // Only what rows of the work refer to: objects of documents live as long as their documents.
        { prefix: 'blobs/', expiration: Duration.days(blobRetentionDays) },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(
      this.bucket,
      'Objects are read and written by our functions and by agents under keys made of their content; CloudTrail data events record access where an account needs it, without a bucket of logs to keep.',
      'S1',
    );
    this.bus = new EventBus(this, 'Bus', { eventBusName: 'cadre' });
    new CfnOutput(this, 'TableName', { value: this.table.tableName });
    new CfnOutput(this, 'ContextTableName', { value: this.contextTable.tableName });
    new CfnOutput(this, 'BucketName', { value: this.bucket.bucketName });
    new CfnOutput(this, 'BusName', { value: this.bus.eventBusName });
  }
}

/** A table with one sparse index, kept and recoverable whatever happens to the stack. */
function tableWithIndex(
  scope: Construct,
  id: string,
  props: Pick<TableProps, 'timeToLiveAttribute' | 'encryption' | 'encryptionKey'>,
  indexed: readonly string[],
): Table {
  const table = new Table(scope, id, {
    ...props,
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  table.addGlobalSecondaryIndex({
    indexName,
    partitionKey: { name: 'gsi1pk', type: AttributeType.STRING },
    sortKey: { name: 'gsi1sk', type: AttributeType.STRING },
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: [...indexed],
  });
  return table;
}
