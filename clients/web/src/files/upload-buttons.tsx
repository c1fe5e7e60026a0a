import { Button, FileButton, Menu } from '@mantine/core';
import { IconChevronDown, IconFolderUp, IconUpload } from '@tabler/icons-react';
import { useRef } from 'react';

/** React passes it on, and its types do not know it. */
const asFolder = { webkitdirectory: '' } as const;

interface UploadButtonsProps {
  readonly onFiles: (files: readonly File[]) => void;
  /** The files of a folder, with their `webkitRelativePath`. */
  readonly onFolder: (files: readonly File[]) => void;
}

/** Buttons that ask for files, or for a folder. */
export const UploadButtons = ({ onFiles, onFolder }: UploadButtonsProps) => {
  const [resetFiles, resetFolder] = [useRef<() => void>(null), useRef<() => void>(null)];
  return (
    <Button.Group>
      <FileButton
        multiple
        resetRef={resetFiles}
        onChange={(files) => {
          // A browser reports no change when the same file is chosen again.
          resetFiles.current?.();
          onFiles(files);
        }}
      >
        {(props) => (
          <Button {...props} leftSection={<IconUpload size={16} aria-hidden />}>
            Upload
          </Button>
        )}
      </FileButton>
      <FileButton
        multiple
        resetRef={resetFolder}
        inputProps={{ multiple: true, ...asFolder }}
        onChange={(files) => {
          resetFolder.current?.();
          onFolder(files);
        }}
      >
        {({ onClick }) => (
          <Menu position="bottom-end" shadow="md" radius="md" withinPortal>
            <Menu.Target>
              <Button px={8} aria-label="More ways to upload">
                <IconChevronDown size={16} aria-hidden />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconFolderUp size={16} />} onClick={onClick}>
                Upload a folder
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </FileButton>
    </Button.Group>
  );
};
