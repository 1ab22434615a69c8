using Kbus.Core;
using Kbus.Link;

namespace Kbus.Simulation;

/// <content>Queues keep their limits (P4, P8), and the bus counts right.</content>
internal sealed partial class Judgement
{
    private void CheckQueues()
    {
        foreach (Member member in _members.Where(m => m.IsHonest))
        {
            foreach (Receipt receipt in member.Receipts)
            {
                if (receipt.Sending is { Fate: Fate.Sent } sending && !receipt.IsOwnAnswer)
                {
                    CheckLimit(member, sending);
                }
            }

            foreach (Sending request in member.Sendings.Where(s => s is { IsOwedAnswer: true, FirstError: Errno.None, Fate: Fate.Sent }))
            {
                (long count, _) = OccupancyOf(member).Least(request.Begun, request.Answered, request);
                uint limit = Choice.InForce(member.MaxMessages, request.Begun, request.Answered).Most;
                Expect(count < limit, "P2", () => $"there was no room for its answer, {count} of {limit}: {request}");
            }

            foreach (Call question in member.Questions.Where(q => q.Code == CommandCode.Ask))
            {
                CheckCount(member, question);
            }
        }
    }

    private void CheckLimit(Member member, Sending sending)
    {
        (long count, long bytes) = OccupancyOf(member).Least(sending.From, sending.Until, sending);
        uint limit = Choice.InForce(member.MaxMessages, sending.From, sending.Until).Most;
        Expect(count < limit, "P8", () => $"{member} has room for {limit} messages, and {count} before {sending}");
        long budget = _scenario.Options.MaxQueuedBytes;
        Expect(bytes == 0 || bytes + sending.EntireLength <= budget, "P8", () => $"{member} has room for {budget} bytes, and {bytes} before {sending}");
    }

    private void CheckCount(Member member, Call question)
    {
        if (MayBeSpoilt(question.Ended))
        {
            return;
        }

        uint answer = question.Answer.Value;
        if (question.IsAbout(Setting.NumMessages))
        {
            (long least, long most) = OccupancyOf(member).Waiting(question.Begun, question.Ended);
            Expect(answer >= least, "P4", () => $"{member} has {answer} messages, of at least {least}, in {question.Begun}..{question.Ended}");
            bool mayHaveMore = member.DrainedAt < question.Ended || _scenario.HasEvents;
            Expect(mayHaveMore || answer <= most, "P4", () => $"{member} has {answer} messages, of at most {most}, in {question.Begun}..{question.Ended}");
        }
        else if (question.IsAbout(Setting.UnrepliedTo) && !member.Receipts.Exists(r => r.IsToAnswer && r.Sending is not { GivenId.IsNone: true }))
        {
            int least = 0;
            int most = 0;
            foreach (Receipt request in member.Receipts.Where(r => r.IsToAnswer && r.Time <= question.Ended))
            {
                Sending[] replies = [.. member.Sendings.Where(s => s.IsAnswer && s.InReplyTo == request.Header.Id && s.To == request.Header.From)];
                most += replies.Any(s => s.Fate == Fate.Sent && s.Until < question.Begun) ? 0 : 1;
                least += request.Time < question.Begun && !replies.Any(s => s.Begun <= question.Ended && s.MayHaveReached) ? 1 : 0;
            }

            Expect(answer >= least && answer <= most, "P2", () => $"{member} owes {answer} answers, of {least} to {most}, in {question.Begun}..{question.Ended}");
        }
    }
}
