import { z } from 'zod';

// Turns off compiled schemas: they need eval, which the content security policy forbids, and even the check for eval is reported as a
// violation. A schema reads this setting when it is created, so this module must be loaded before all modules that create one.
z.config({ jitless: true });
