using Kbus.Core;

namespace Kbus.Simulation;

/// <content>Each Request has one answer (P2), and a Status says what is so.</content>
internal sealed partial class Judgement
{
    private void CheckAnswers()
    {
        foreach (Member member in _members.Where(m => m.IsHonest))
        {
            ILookup<MessageId, Receipt> answers = member.Receipts.Where(r => r.IsOwnAnswer).ToLookup(r => r.Header.InReplyTo);
            ILookup<MessageId, Sending> requests = member.Sendings.Where(s => s.IsOwedAnswer && !s.Id.IsNone).ToLookup(s => s.Id);
            foreach (IGrouping<MessageId, Receipt> answer in answers)
            {
                bool mayBeOwn = requests.Contains(answer.Key) || member.Sendings.Exists(s => s.Id.IsNone);
                Expect(mayBeOwn, "P2", () => $"{member} got an answer to no Request: {answer.First()}");
            }

            foreach (IGrouping<MessageId, Sending> request in requests)
            {
                CheckAnswers(member, [.. request], [.. answers[request.Key]]);
            }
        }
    }

    private static void CheckAnswers(Member member, Sending[] requests, Receipt[] answers)
    {
        int most = requests.Count(r => r.MayHaveReached);
        int least = requests.Count(r => r.Fate is Fate.Sent or Fate.Polled);

        // A reply comes once as the answer, and once more for each binding to its name.
        int replies = answers.Where(a => a.Sending is not null).Select(a => a.Sending).Distinct().Count();

        // A further copy may have been taken when its sender wrote nonsense already, and then nobody knows which message it is.
        MessageId[] ids = [.. answers.Where(a => a.Sending is not null).Select(a => a.Header.Id)];
        int others = answers.Where(a => a.Sending is null).Select(a => a.Header.Id).Except(ids).Distinct().Count();
        int count = replies + others;
        Expect(count <= most, "P2", () => $"{count} answers ({string.Join("; ", answers.Select(a => a.ToString()))}) to {requests[0]}");
        Expect(!member.IsOwedNothing || count >= least, "P2", () => $"{count} answers of {least} to {requests[0]}");
        if (requests.Length == 1)
        {
            CheckLane(member, requests[0], answers.Count(a => a.Tag != 0), least);
            foreach (Receipt answer in answers)
            {
                CheckAnswer(requests[0], answer);
            }
        }
    }

    /// <summary>An awaited answer comes on its lane, once.</summary>
    private static void CheckLane(Member member, Sending request, int onLane, int least)
    {
        Expect(onLane <= (request.IsAwaited ? 1 : 0), "P2", () => $"{onLane} answers came on the lane to {request}");
        bool isAwaitedStill = request.IsAwaited && request.WithdrawnFrom == Sending.Never;
        Expect(!member.IsOwedNothing || !isAwaitedStill || onLane >= least, "P2", () => $"no answer came on the lane to {request}");
    }

    private static void CheckAnswer(Sending request, Receipt answer)
    {
        Receipt? taken = request.Receipts.Find(r => r.IsToAnswer);
        Member? replier = request.By.Bus.Find(answer.Header.From);
        if (replier is { IsHonest: false })
        {
            return;
        }

        if (!answer.IsStatus)
        {
            Expect(taken?.By == replier, "P2", () => $"{replier} answered what it was not given: {request}");
            return;
        }

        string name = answer.Name;
        Expect(!answer.IsToAnswer && answer.Header.From != request.By.KsockId || replier == request.By, "P2", () => $"{answer} answers {request}");
        switch (name)
        {
            case "$.KBUS.Replier.GoneAway":
                Expect(taken is null, "P4", () => $"{answer}, though {taken!.By} had taken {request}");
                Expect(replier?.LeavesFrom < answer.Time, "P6", () => $"{replier} has not gone away: {request}");
                break;
            case "$.KBUS.Replier.Ignored":
                Expect(taken?.By == replier, "P4", () => $"{replier} never took {request}");
                Expect(replier?.LeavesFrom < answer.Time, "P6", () => $"{replier} has not gone away: {request}");
                break;
            case "$.KBUS.Replier.Unbound":
                Expect(taken is null, "P4", () => $"{answer}, though {taken!.By} had taken {request}");
                bool mayBe = replier?.Bounds.Exists(b => b.IsReplier && b.WasUnbound && b.LostFrom < answer.Time && b.Matches(request.Name)) ?? false;
                Expect(mayBe, "P2", () => $"{replier} has not unbound: {request}");
                break;
            case "$.KBUS.Replier.Disappeared":
            case "$.KBUS.ErrorSending":
                Expect(request.Fate is Fate.Polled or Fate.Unknown && request.Receipts.Count == 0, "P3", () => $"{answer}, though it was sent: {request}");
                break;
            default:
                Expect(false, "P2", () => $"a Status has the name {name}");
                break;
        }
    }
}
