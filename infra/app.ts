import { bundleFunctions } from './bundle.ts';
import { createCadreApp } from './cadre-app.ts';

await bundleFunctions();
createCadreApp({ local: process.env['AWS_ENDPOINT_URL'] !== undefined }).app.synth();
