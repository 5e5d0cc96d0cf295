import * as dynamodb from '@aws-sdk/client-dynamodb';

/** An error that looks like one of AWS's to code that reads its `name`, as ours and the SDK's retry rules do. */
export function awsError(name: string, message: string, httpStatusCode = 400): Error {
  const error = new Error(message);
  error.name = name;
  return Object.assign(error, { $metadata: { httpStatusCode }, $fault: httpStatusCode < 500 ? 'client' : 'server' });
}

/** Makes an error that is part of a run's weather: nobody reads where it was made, and finding that out is dear. */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** The answer never came; the request may or may not have been carried out. */
export function lostAnswer(service: string): Error {
  return withoutStack(() =>
    Object.assign(awsError('TimeoutError', `${service}: the connection timed out`, 0), { code: 'ETIMEDOUT' }),
  );
}

/** What a service says when it is asked too much. */
export function throttled(service: string): Error {
  if (service === 'dynamodb') {
    return withoutStack(
      () =>
        new dynamodb.ProvisionedThroughputExceededException({
          message: 'The level of configured provisioned throughput for the table was exceeded',
          $metadata: { httpStatusCode: 400 },
        }),
    );
  }
  return withoutStack(() => awsError('ThrottlingException', 'Rate exceeded'));
}

/** A request that can never succeed. */
export function validationError(message: string): Error {
  return awsError('ValidationException', message);
}

/** The caller gave up. */
export function abortError(): Error {
  const error = new Error('Request aborted');
  error.name = 'AbortError';
  return error;
}
