import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { FileInfo } from "~/api/types";
import { deleteFile, giveTo, uploadFile, volumeNamed } from "~/api/catalog";
import { bytes, count } from "~/format";
import { paths } from "~/links";
import { useMay } from "~/shared/access/may";
import { Permissions } from "~/shared/access/permissions";
import { ArtifactBrowser } from "~/shared/artifacts/browser";
import { Copy, Empty, Failure, Loading, Snippet } from "~/ui/bits";
import { Button } from "~/ui/button";
import { FormDialog } from "~/ui/dialog";
import { messageOf, toast } from "~/ui/toast";
import { CatalogHead } from "./head";
import { uploadTo } from "./snippets";

const route = getRouteApi("/ml/catalog/$catalog/$schema/$kind/$name");

export function VolumePage({ name }: { name: string }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: paths.asset });
  const found = useQuery(volumeNamed(name));
  const blocked = useMay(`volume/${name}`, "WRITE_VOLUME", "EDIT");
  const [uploading, setUploading] = useState<readonly File[] | null>(null);
  const [gone, setGone] = useState<string | null>(null);
  if (found.isPending) return <Loading />;
  if (found.isLoadingError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  const volume = found.data;
  const managed = volume.volume_type === "MANAGED";
  const place = `/Volumes/${name.replaceAll(".", "/")}`;
  const tab = search.tab === "permissions" ? "permissions" : "files";
  const cannot = blocked || (!managed && "Its files are elsewhere");
  return (
    <div
      className="page fill"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        if (!cannot && event.dataTransfer.files.length > 0) setUploading([...event.dataTransfer.files]);
      }}
    >
      <CatalogHead
        kind="volumes"
        object={volume}
        facts={
          <>
            <span>{volume.volume_type.toLowerCase()}</span>
            <span className="row location">
              <code className="ellipsis" title={volume.storage_location}>
                {volume.storage_location}
              </code>
              <Copy text={volume.storage_location} label="Copy the location" />
            </span>
          </>
        }
        actions={
          <Button icon="upload" kind="primary" blocked={cannot} onClick={() => setUploading([])}>
            Upload
          </Button>
        }
        tabs={[
          { id: "files", name: "Files" },
          { id: "permissions", name: "Permissions" },
        ]}
        tab={tab}
        onTab={(next) => void navigate({ search: (before) => ({ ...before, tab: next === "files" ? undefined : next }) })}
      />
      {tab === "permissions" ? (
        <div className="scroll overview">
          <Permissions securable={{ type: "volume", name }} owner={volume.owner} onOwner={(owner) => giveTo("volumes", name, owner)} />
        </div>
      ) : managed ? (
        <ArtifactBrowser
          owner={{ volume: place }}
          file={search.file}
          onFile={(file) => void navigate({ search: (before) => ({ ...before, file }), replace: true })}
          empty={
            <div className="scroll">
              <Empty icon="volume" title="No files yet">
                <p>Drop some here, or let a program put them.</p>
              </Empty>
              <div className="onboarding">
                <Snippet label="Python" code={uploadTo(place)} />
              </div>
            </div>
          }
          actions={(file) => (
            <Button small icon="trash" kind="danger" className="only-icon" aria-label={`Delete ${file}`} title={`Delete ${file}`} blocked={blocked} onClick={() => setGone(file)} />
          )}
        />
      ) : (
        <Empty icon="volume" title="Its files are elsewhere">
          <p>An external volume is a name for a place. Its files are read there, with your own rights.</p>
        </Empty>
      )}
      {uploading && <Upload volume={place} given={uploading} onClose={() => setUploading(null)} />}
      {gone && <DeleteFile volume={place} file={gone} onClose={() => setGone(null)} onDone={() => void navigate({ search: (before) => ({ ...before, file: undefined }), replace: true })} />}
    </div>
  );
}

function Upload({ volume, given, onClose }: { volume: string; given: readonly File[]; onClose: () => void }) {
  const [files, setFiles] = useState(given);
  const [folder, setFolder] = useState("");
  const [overwrite, setOverwrite] = useState(false);
  const [done, setDone] = useState(0);
  const [sent, setSent] = useState(0); // bytes of the file that is on its way
  const queries = useQueryClient();
  const field = useRef<HTMLInputElement>(null);
  const within = folder.trim().replaceAll(/^\/+|\/+$/g, "");
  const put = useMutation({
    mutationFn: async () => {
      for (const [at, file] of files.entries()) {
        if (at < done) continue; // those of an attempt before
        // One after the other: the server's disk is the limit, and a failure says which file it was.
        // oxlint-disable-next-line no-await-in-loop
        await uploadFile(volume, within ? `${within}/${file.name}` : file.name, file, overwrite, setSent);
        setSent(0);
        setDone(at + 1);
      }
    },
    onSuccess: () => {
      toast(`${count(files.length, "file")} uploaded`);
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["files", { volume }] }),
  });
  return (
    <FormDialog
      title="Upload files"
      action={put.isPending ? `Uploading ${done + 1} of ${files.length}` : "Upload"}
      busy={put.isPending}
      blocked={files.length === 0 && "Choose files first"}
      error={put.error ? messageOf(put.error) : ""}
      onClose={onClose}
      onSubmit={() => put.mutate()}
    >
      <label>
        Files
        <input
          ref={field}
          type="file"
          multiple
          onChange={(event) => {
            setFiles([...(event.target.files ?? [])]);
            setDone(0);
          }}
        />
        {given.length > 0 && files === given && <span className="hint">{given.map((each) => each.name).join(", ")}</span>}
      </label>
      <label>
        Folder
        <input placeholder="at the top" value={folder} onChange={(event) => setFolder(event.target.value)} />
        <span className="hint">One that is not there is made.</span>
      </label>
      {put.isPending && <Progress files={files} done={done} sent={sent} />}
      <label className="choice">
        <input type="checkbox" checked={overwrite} onChange={(event) => setOverwrite(event.target.checked)} />
        Replace files of the same name
      </label>
    </FormDialog>
  );
}

/** How many bytes are on the server, of all the files. */
function Progress({ files, done, sent }: { files: readonly File[]; done: number; sent: number }) {
  const sizes = files.map((file) => file.size);
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  const there = sizes.slice(0, done).reduce((sum, size) => sum + size, 0) + Math.min(sent, sizes[done] ?? 0);
  return (
    <div className="stack tight">
      <progress max={Math.max(1, whole)} value={there} aria-label="Uploaded" />
      <span className="hint">
        {files[done]?.name}: {bytes(there)} of {bytes(whole)}
      </span>
    </div>
  );
}

/** From the top down, as far as there are folders: one that held nothing else is gone with the file. */
async function lookAgain(queries: QueryClient, volume: string, file: string): Promise<void> {
  const parts = file.split("/");
  for (let depth = 0; depth < parts.length; depth += 1) {
    const queryKey = ["files", { volume }, parts.slice(0, depth).join("/")];
    // oxlint-disable-next-line no-await-in-loop
    await queries.refetchQueries({ queryKey, exact: true });
    const next = parts.slice(0, depth + 1).join("/");
    if (!queries.getQueryData<FileInfo[]>(queryKey)?.some((each) => each.path === next)) return;
  }
}

function DeleteFile({ volume, file, onClose, onDone }: { volume: string; file: string; onClose: () => void; onDone: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteFile(volume, file),
    onSuccess: async () => {
      toast(`${file} deleted`);
      onClose();
      onDone();
      await lookAgain(queries, volume, file);
    },
  });
  return (
    <FormDialog title={`Delete ${file.split("/").pop()}?`} action="Delete for good" danger busy={remove.isPending} error={remove.error ? messageOf(remove.error) : ""} onClose={onClose} onSubmit={() => remove.mutate()}>
      <p>
        <code>{file}</code> is gone for everybody, and nobody can bring it back.
      </p>
    </FormDialog>
  );
}
