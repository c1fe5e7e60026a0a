import { z } from 'zod';

// Compiled schemas need eval, which the content security policy forbids, and even asking whether it is there is reported
// as a violation. Schemas look at this when they are made: so this module comes before all that make one.
z.config({ jitless: true });
