import { Avatar } from '@mantine/core';

/** A user's picture, or their initial. Hidden from screen readers, because the name is beside it. */
export const UserPicture = ({ name, url, size = 36 }: { name: string; url: string | null; size?: number }) => (
  <Avatar src={url} size={size} radius="xl" color="petrol" aria-hidden alt="">
    {[...name][0]?.toUpperCase() ?? '·'}
  </Avatar>
);
