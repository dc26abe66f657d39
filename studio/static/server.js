// The service, as the page calls it. Errors carry one sentence.
import { t } from "./strings.js";

const API = "/api/v1";
// Browsers refuse to send more than 64 KiB after a page was left.
const MOST_KEPT_ALIVE = 20000;

export class ServiceError extends Error {
  constructor(status, content) { super(content?.error ?? t("offline")); this.status = status; this.content = content; }
}

export async function call(path, { method, body, headers, signal, keepalive } = {}) {
  const text = body === undefined || body instanceof Blob ? body : JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(path.startsWith("/api") ? path : API + path, {
      method: method ?? (body === undefined ? "GET" : "POST"), headers, signal, body: text,
      keepalive: keepalive && text.length < MOST_KEPT_ALIVE,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError(0, { error: t("offline") });
  }
  if (answer.status === 401) throw new ServiceError(401, { error: t("unauthorised") });
  if (!answer.ok) throw new ServiceError(answer.status, await answer.json().catch(() => null));
  if (answer.status === 204) return null;
  const kind = answer.headers.get("content-type") ?? "";
  return kind.includes("json") ? answer.json() : answer.blob();
}

export const upload = (kind, file, model) => call(`/uploads?kind=${kind}${model?.generator ? `&generator=${encodeURIComponent(model.generator)}` : ""}`, { body: file });

const followed = new Map();
const isOver = (job) => ["finished", "failed", "cancelled"].includes(job.state);

// The end of one job; `tell` hears its states. All come by the one stream that `listen` holds open,
// since browsers open few connections to one address.
export function follow(id, tell) {
  return new Promise((resolve, reject) => {
    const hear = (job) => {
      if (!followed.has(id)) return;
      tell(job);
      if (!isOver(job)) return;
      followed.delete(id);
      if (job.state === "finished") resolve(job);
      else reject(new ServiceError(0, { error: job.error || t(`states.${job.state}`) }));
    };
    followed.set(id, hear);
    call(`/jobs/${id}`).then(hear, (error) => { followed.delete(id); reject(error); });
  });
}

const AGAIN_MS = 3000;

// Every job's states. `tellState` hears whether the studio answers; when it does again, it is asked
// what was missed meanwhile. A page that nobody looks at listens to nothing.
export function listen(tell, tellState) {
  let source = null, again = 0;
  const open = () => {
    clearTimeout(again);
    if (source || document.hidden) return;
    source = new EventSource(`${API}/events`);
    source.addEventListener("job", (event) => { const job = JSON.parse(event.data); followed.get(job.id)?.(job); tell(job); });
    source.addEventListener("open", () => {
      tellState(true);
      for (const [id, hear] of followed) call(`/jobs/${id}`).then(hear, () => {});
    });
    source.addEventListener("error", () => {
      tellState(false);
      if (source?.readyState === EventSource.CLOSED) { source = null; again = setTimeout(open, AGAIN_MS); }
    });
  };
  const close = () => { clearTimeout(again); source?.close(); source = null; };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
}

export function describeProgress(job) {
  const { step, done, total, left_s: left } = job.progress ?? {};
  if (!step) return t(`states.${job.state}`);
  const name = t(`steps.${step}`);
  const label = name.startsWith("steps.") ? step : name;
  return `${label}${total ? ` ${done}/${total}` : ""}${left ? `, ${t("left", formatSeconds(left))}` : ""}`;
}

export function formatSeconds(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? t("secondsShort", whole) : t("minutes", Math.floor(whole / 60), whole % 60);
}
