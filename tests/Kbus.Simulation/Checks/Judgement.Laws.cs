using Kbus.Link;
using Kbus.Policy;

namespace Kbus.Simulation;

/// <content>What the policy denies is not done, and what it allows is not denied.</content>
internal sealed partial class Judgement
{
    private Laws Laws => _bus.World.Laws;

    private void CheckLaws()
    {
        if (!Laws.Exist)
        {
            return;
        }

        foreach (Member member in _bus.Members)
        {
            if (member.WasRefused)
            {
                bool mayBeDenied = !Laws.SurelyMay(member.AskedFrom, member.LeavesFrom, member.MayBeOpen);
                Expect(mayBeDenied, "P8", () => $"{member} was not let in, and the policy allows it");
            }
            else if (member.KsockId != 0)
            {
                Expect(Laws.MightMay(member.AskedFrom, member.OpenedBy, member.MayBeOpen), "P8", () => $"{member} was let in, and the policy denies it");
            }
        }

        foreach (Member member in _members.Where(m => m.IsHonest))
        {
            member.Sendings.ForEach(CheckAdmission);
            foreach (Call call in member.Questions.Where(c => c.Code == CommandCode.Bind && c.Error == Errno.EPERM))
            {
                bool isReplier = (call.Flags & CommandFlags.Replier) != 0;
                bool surelyMay = Laws.SurelyMay(call.Begun, call.Ended, law => member.MayBind(law, call.Name!, isReplier));
                Expect(!surelyMay, "P8", () => $"the policy lets {member} bind to {call.Name} as {(isReplier ? "replier" : "listener")}, and the bus does not");
            }

            foreach (Bound bound in member.Bounds.Where(b => b.IsSure))
            {
                bool mightMay = Laws.MightMay(bound.Begun, bound.Made, law => member.MayBind(law, bound.Pattern, bound.IsReplier));
                Expect(mightMay, "P8", () => $"the policy denies {bound}");
            }
        }
    }

    private void CheckAdmission(Sending sending)
    {
        if (sending.Answered == Sending.Never)
        {
            return;
        }

        if (sending.FirstError == Errno.EPERM)
        {
            Expect(!sending.IsReplyAlone, "P8", () => $"a Reply is refused by the policy: {sending}");
            bool surelyMay = Laws.SurelyMay(sending.Begun, sending.Answered, law => sending.By.MaySend(law, sending.Name));
            Expect(!surelyMay, "P8", () => $"the policy allows it: {sending}");
        }
        else if (!sending.IsReplyAlone && sending.FirstError is Errno.None or Errno.EAGAIN && sending.Receipts.Count > 0)
        {
            bool mightMay = Laws.MightMay(sending.Begun, sending.Answered, law => sending.By.MaySend(law, sending.Name));
            Expect(mightMay, "P8", () => $"the policy denies it: {sending}");
        }
        else if (!sending.IsReplyAlone && IsOfBus(sending.FirstError) && sending.By.GoneBy != sending.Answered)
        {
            bool mightMay = Laws.MightMay(sending.Begun, sending.Answered, law => sending.By.MaySend(law, sending.Name));
            Expect(mightMay, "P8", () => $"the policy denies it, and the bus took it: {sending}");
        }
    }

    /// <summary>True for what only the bus itself says, which is asked after the policy.</summary>
    private static bool IsOfBus(Errno error) =>
        error is Errno.None or Errno.EAGAIN or Errno.EADDRNOTAVAIL or Errno.ECONNREFUSED or Errno.EPIPE or Errno.EBUSY or Errno.ENOLCK;

    /// <summary>Whether listeners may hear a message, as far as the policy goes: surely, or perhaps.</summary>
    private (bool Surely, bool Perhaps) MayBeHeard(Sending sending)
    {
        if (!Laws.Exist || !sending.IsReplyAlone)
        {
            return (true, true);
        }

        bool surely = Laws.SurelyMay(sending.Begun, sending.Answered, law => sending.By.MayBeHeard(law, sending.Name));
        return (surely, surely || Laws.MightMay(sending.Begun, sending.Answered, law => sending.By.MayBeHeard(law, sending.Name)));
    }
}
