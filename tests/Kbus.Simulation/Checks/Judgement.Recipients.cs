namespace Kbus.Simulation;

/// <content>Who received what: nobody what was refused (P3), a replier every Request (P4), everybody bound what was sent (P5), and nobody anything else.</content>
internal sealed partial class Judgement
{
    private void CheckRecipients()
    {
        foreach (Sending sending in _sendings)
        {
            Expect(sending.MayHaveReached || sending.Receipts.Count == 0, "P3", () => $"was received though it was not sent: {sending}");
            Expect(!sending.IsToBeRefused || sending.Receipts.Count == 0, "P4", () => $"it could go, and nobody rang its sender: {sending}");
            if (!sending.MayHaveReached)
            {
                continue;
            }

            CheckReplier(sending);
            foreach (Member member in _members.Where(m => m.IsHonest))
            {
                CheckCopies(member, sending);
            }
        }
    }

    private void CheckReplier(Sending sending)
    {
        Receipt[] toAnswer = [.. sending.Receipts.Where(r => r.IsToAnswer)];
        if (toAnswer.Length == 0)
        {
            return;
        }

        Member replier = toAnswer[0].By;
        Expect(toAnswer.Length == 1, "P2", () => $"{toAnswer.Length} copies are to be answered: {sending}");
        Expect(sending.IsOwedAnswer, "P2", () => $"{replier} is to answer what wants no answer: {sending}");
        Expect(sending.To == 0 || sending.To == replier.KsockId, "P3", () => $"{replier} got what is for {sending.To}: {sending}");
        Bound? by = replier.Bounds.Where(b => b.IsReplier && b.Matches(sending.Name) && b.MayBeThere(sending.From, sending.Until)).MaxBy(b => b.Rank);
        Expect(by is not null, "P5", () => $"{replier} is no replier for {sending}");
        Bound? better = BoundsFor(sending.Name, asReplier: true)
            .FirstOrDefault(b => b.By != replier && b.Rank > by!.Rank && b.IsThere(sending.From, sending.Until));
        Expect(better is null, "P5", () => $"{replier} got by {by} what is for {better}: {sending}");
    }

    private void CheckCopies(Member member, Sending sending)
    {
        Receipt[] received = [.. sending.Receipts.Where(r => r.By == member)];
        int direct = received.Count(r => r.IsToAnswer);
        bool isAnswered = sending.IsAnswer && sending.To == member.KsockId;
        int others = received.Length - direct;
        (int most, int least) = CopiesFor(member, sending);
        int answers = isAnswered ? 1 : 0;
        Expect(others <= most + answers, "P5", () => $"{member} got {others} copies, for {most} bindings: {sending}");
        foreach (Receipt receipt in received.Where(r => !isAnswered || r.IsToAnswer))
        {
            // Unbinding takes back what came by the binding.
            bool isBound = member.Bounds.Exists(
                b => b.IsReplier == receipt.IsToAnswer && b.Matches(sending.Name) && b.MayBeThere(sending.From, sending.Until) && b.LostBy >= receipt.Time);
            Expect(isBound, "P5", () => $"{member} took at {receipt.Time} what came by a binding that had ended: {sending}");
        }

        (uint mayBeAny, uint mayBeOnce) = Choice.InForce(member.OnlyOnce, sending.From, sending.Until);

        // That is about listeners' copies. Who answers its own Request with another one gets that as an answer and to answer it.
        bool isOnce = others <= 1 && received.Length <= Math.Max(1, direct + answers);
        Expect(mayBeAny == 0 || isOnce, "P5", () => $"{member} wants each message once, and got {received.Length} copies: {sending}");
        if (member.DrainedAt < sending.Until || sending.Fate != Fate.Sent)
        {
            return;
        }

        // Who wants each message only once may have had this id before, if its sender chose it.
        // The one copy that it gets may have gone with the binding by which it came.
        bool mayHaveGone = most > least || member.Bounds.Exists(b => b.IsReplier && b.WasUnbound && b.Matches(sending.Name));
        bool isSurelyNew = mayBeOnce == 0 || ((sending.GivenId.IsNone || member.IsLimpet) && !mayHaveGone);
        Expect(!isAnswered || received.Length > 0, "P2", () => $"{member} never got the answer to its Request: {sending}");
        if (!isSurelyNew || least == 0 || MayBeSpoilt(sending.Until))
        {
            return;
        }

        least = mayBeOnce == 0 ? least + answers : 1 - direct;
        bool mustHave = (sending.IsAllOrNone && !sending.IsOverheard) || HasRoom(member, sending.From, sending.Until, sending);
        Expect(!mustHave || others >= least, "P4", () => $"{member} got {others} copies of at least {least}, and had room: {sending}");
    }
}
