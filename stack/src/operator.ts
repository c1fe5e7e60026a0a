import { runAuthProgram } from './auth-program.ts';

// `npm run admin -- COMMAND`: the auth service's operator commands.
runAuthProgram('operator/main.ts');
