import { Anchor, CloseButton, Kbd } from '@mantine/core';
import classes from './link-bar.module.css';

const mac = /mac|iphone|ipad/i.test(navigator.userAgent);

/** Shows the real target of a link, whatever its text is. A click on the link pins this bar, in which the user then opens the target. */
export const LinkBar = ({ address, picked, onClose }: { address: string; picked: boolean; onClose: () => void }) => (
  <div className={classes.bar}>
    {picked ? (
      <>
        <span>Open </span>
        <Anchor className={classes.address} href={address} target="_blank" rel="noopener noreferrer" onClick={onClose}>
          {address}
        </Anchor>
        <CloseButton size="sm" aria-label="Do not open" onClick={onClose} />
      </>
    ) : (
      <>
        <span className={classes.address}>{address}</span>
        <span className={classes.hint}>
          <Kbd size="xs">{mac ? 'Cmd' : 'Ctrl'}</Kbd> + click opens it
        </span>
      </>
    )}
  </div>
);
