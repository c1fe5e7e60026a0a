import { operatorUsage, readOperatorArguments } from '../../services/auth/src/operator/command-line.ts';
import { runAuthProgram } from './auth-program.ts';

// `npm run admin -- COMMAND`: runs an operator command of the auth service.
runAuthProgram('operator/main.ts', {
  usage: operatorUsage,
  requestsHelp: (args) => readOperatorArguments(args) === 'help',
});
