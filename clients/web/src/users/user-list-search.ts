import { z } from 'zod';
import { ListCursor } from '../layout/list-pages.tsx';

/** Search parameters in the URL of the list. */
export const UserListSearch = z.object({
  search: z.string().optional().catch(undefined),
  cursor: ListCursor,
});
