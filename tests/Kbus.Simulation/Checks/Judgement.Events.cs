namespace Kbus.Simulation;

/// <content>Who listens for repliers' binds hears of each of them, in order, also if it had no room at first (P4; D2).</content>
internal sealed partial class Judgement
{
    private void CheckEvents()
    {
        if (!_scenario.HasEvents || _bus.WasScribbledOn)
        {
            return;
        }

        foreach (Member member in _members)
        {
            foreach (Receipt receipt in member.Receipts.Where(r => r.Event is not null))
            {
                BindEvent what = receipt.Event!;
                bool mayBe = RepliersOf(what.Name).Any(b => b.By.KsockId == what.Binder && b.Begun < receipt.Time && (what.IsBind || b.LostFrom < receipt.Time));
                Expect(mayBe, "P5", () => $"{member} hears of what was not: {what}");
                bool isBound = member.AskedForReports
                    || member.Bounds.Exists(b => !b.IsReplier && b.Matches(EventName) && b.Begun <= receipt.Time && b.LostBy >= receipt.Time);
                Expect(isBound, "P5", () => $"{member} hears of {what}, and listens for nothing of the kind any more");
            }

            CheckOrderOfEvents(member);
            CheckAllEvents(member);
        }
    }

    /// <summary>No event overtakes another one, though that had to wait for room.</summary>
    private static void CheckOrderOfEvents(Member member)
    {
        Receipt? last = null;
        foreach (Receipt receipt in member.Receipts.Where(r => r.IsOfBus && !r.IsStatus && !member.AskedForReports))
        {
            Receipt? before = last;
            Expect(
                before is null || before.Header.Id.SerialNumber <= receipt.Header.Id.SerialNumber, "P1", () => $"{member} hears {before} before {receipt}");
            last = receipt;
        }
    }

    /// <summary>For a listener of whom, and of whose bus, it is known when it began to hear of everything.</summary>
    private void CheckAllEvents(Member member)
    {
        Bound[] bounds = [.. member.Bounds.Where(b => b.Matches(EventName))];
        bool isPlain = bounds is [{ IsSure: true, WasUnbound: false, IsReplier: false }] && _bus.ReportSwitches is [{ } only] && (only.WasHeard || !Laws.Exist);
        bool hasLost = member.Receipts.Exists(r => r.IsOfBus && r.Name == "$.KBUS.UnbindEventsLost");
        if (!isPlain || hasLost || member.DrainedAt < 0 || _bus.ReportSwitches[0] is not { Argument: 1, Error: Errno.None } reporting || member.AskedForReports)
        {
            return;
        }

        Receipt[] heard = [.. member.Receipts.Where(r => r.Event is not null)];
        foreach (IGrouping<string, Receipt> name in heard.GroupBy(r => r.Event!.Name))
        {
            BindEvent? last = null;
            foreach (Receipt receipt in name)
            {
                BindEvent what = receipt.Event!;
                BindEvent? before = last;
                Expect(before?.IsBind != what.IsBind, "P1", () => $"{member} hears {what} after {before}");
                Expect(what.IsBind || before is null || before.Binder == what.Binder, "P1", () => $"{member} hears {what} after {before}");
                last = what;
            }
        }

        long from = Math.Max(bounds[0].Made, reporting.Ended);
        foreach (Bound bound in _members.SelectMany(m => m.Bounds).Where(b => b.IsReplier && b.IsSure && b.Begun > from && b.Made < member.DrainedAt))
        {
            int binds = heard.Count(r => r.Event is { IsBind: true } e && e.Binder == bound.By.KsockId && e.Name == bound.Pattern);
            int unbinds = heard.Count(r => r.Event is { IsBind: false } e && e.Binder == bound.By.KsockId && e.Name == bound.Pattern);
            Expect(binds > 0, "P4", () => $"{member} never heard of {bound}");
            Expect(unbinds > 0 || bound.LostBy >= member.DrainedAt, "P4", () => $"{member} never heard of the end of {bound}");
        }
    }
}
