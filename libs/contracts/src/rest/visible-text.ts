import { z } from 'zod';
import { isPlainText } from '../plain-text.ts';

/** A visible name: 1 to `max` code points after trimming and NFKC, none of them invisible. */
export const visibleText = (max: number) =>
  z
    .string()
    .max(1024)
    .transform((text) => text.normalize('NFKC').trim())
    .refine((text) => text !== '' && [...text].length <= max, `must be 1 to ${max} characters`)
    .refine(isPlainText, 'must have no invisible characters (control, bidi, zero-width, fillers)');
