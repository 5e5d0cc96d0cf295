import { RemovalPolicy } from 'aws-cdk-lib';
import { type CfnStage, HttpApi, HttpMethod, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { agentWorkOperations } from '../../src/contracts/distributor/agent-work.ts';
import { CadreFunction, type CadreFunctionProps } from './cadre-function.ts';

/** Requests a second, and above it for a moment. More: one caller's loop takes the account's concurrency. */
const throttlingRateLimit = 500;
const throttlingBurstLimit = 1_000;

export interface ApiProps extends Omit<CadreFunctionProps, 'name'> {
  /** Serves those who wait for work. */
  readonly serveAgents: CadreFunction;
  /** Callers show a token of this issuer. @default callers sign with SigV4 */
  readonly jwt?: { readonly issuer: string; readonly audience: readonly string[] };
}

/** The HTTP API: one app on one function behind `$default`, and one for those who wait for work; nobody comes in without an identity. */
export class Api extends Construct {
  readonly function: CadreFunction;
  readonly httpApi: HttpApi;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    this.function = new CadreFunction(this, 'api', { ...props, name: 'api' });
    const authorizer: IHttpRouteAuthorizer =
      props.jwt === undefined
        ? new HttpIamAuthorizer()
        : new HttpJwtAuthorizer('Jwt', props.jwt.issuer, { jwtAudience: [...props.jwt.audience] });
    this.httpApi = new HttpApi(this, 'HttpApi', {
      apiName: 'cadre',
      defaultAuthorizer: authorizer,
      defaultIntegration: new HttpLambdaIntegration('Integration', this.function.function),
    });
    const agents = new HttpLambdaIntegration('AgentsIntegration', props.serveAgents.function);
    for (const { path } of agentWorkOperations) {
      this.httpApi.addRoutes({
        path: path.replaceAll(/:(\w+)/g, '{$1}'),
        methods: [HttpMethod.POST],
        integration: agents,
      });
    }
    const log = new LogGroup(this, 'AccessLog', {
      logGroupName: '/cadre/api-access',
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = this.httpApi.defaultStage?.node.defaultChild as CfnStage;
    stage.defaultRouteSettings = { throttlingRateLimit, throttlingBurstLimit };
    stage.accessLogSettings = {
      destinationArn: log.logGroupArn,
      format: JSON.stringify({
        request_id: '$context.requestId',
        caller: '$context.identity.userArn',
        method: '$context.httpMethod',
        path: '$context.path',
        status: '$context.status',
        latency_ms: '$context.responseLatency',
      }),
    };
  }
}
