import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button, IconButton } from "./button";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}

/** A modal: the browser keeps focus inside, Escape closes it. */
export function Dialog({ title, onClose, children, wide }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      className={wide ? "dialog wide" : "dialog"}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="dialog-head">
        <h2 id={heading} className="grow">
          {title}
        </h2>
        <IconButton icon="close" label="Close" small onClick={onClose} />
      </div>
      {children}
    </dialog>
  );
}

interface FormProps extends Props {
  action: string;
  danger?: boolean;
  busy?: boolean;
  /** What is missing yet. */
  blocked?: string | false;
  error?: string;
  onSubmit: () => void;
}

export function FormDialog({ action, danger, busy, blocked, error, onSubmit, onClose, children, ...rest }: FormProps) {
  return (
    <Dialog onClose={onClose} {...rest}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && !blocked) onSubmit();
        }}
      >
        <div className="dialog-body stack">{children}</div>
        {error && (
          <p className="form-error" role="alert">
            {error}
          </p>
        )}
        <div className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={danger ? "danger" : "primary"} blocked={busy ? "Under way" : blocked}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
